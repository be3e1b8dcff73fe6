/** What the admin server's API under /api/v1 takes and gives; its OpenAPI document is generated from these. */
import { z } from "zod";
import { Case, CaseStage } from "./case.ts";
import { Count, Instant } from "./common.ts";
import { errorCodes } from "./errors.ts";
import { CaseId, Family, MachineId, PrescriptionId } from "./ids.ts";
import { Coverage } from "./link.ts";
import { Prescription } from "./prescription.ts";
import { Proof } from "./proof.ts";

export const ErrorDocument = z.strictObject({
  error: z.strictObject({ code: z.enum(errorCodes), message: z.string(), hint: z.string() }),
});
export type ErrorDocument = z.infer<typeof ErrorDocument>;

/** A case without its history. */
export const CaseSummary = Case.omit({ history: true });
export type CaseSummary = z.infer<typeof CaseSummary>;

/** Newest first. `next` is the value of `before` for the page after this one, null at the end. */
export const CaseList = z.strictObject({ cases: z.array(CaseSummary), next: z.string().nullable() });
export type CaseList = z.infer<typeof CaseList>;

export const MachineView = z.strictObject({
  id: MachineId,
  hostname: z.string(),
  role: z.enum(["agent", "analysis"]),
  version: z.string(),
  enrolled: Instant,
  seen: Instant.nullable(),
  /** `blind`: it says itself that it cannot see; `silent`: not heard of for ten minutes. */
  state: z.enum(["well", "blind", "silent"]),
  /** Prescriptions that it has active. */
  active: Count,
  watched: z.array(z.string()),
  files: Count,
  lostEvents: Count,
  blind: z.string().nullable(),
  /** How completely it is watched; null until it has said so. */
  coverage: Coverage.nullable(),
});
export type MachineView = z.infer<typeof MachineView>;
export const MachineList = z.strictObject({ machines: z.array(MachineView) });
export type MachineList = z.infer<typeof MachineList>;

export const PrescriptionView = z.strictObject({
  id: PrescriptionId,
  case: CaseId.nullable(),
  family: Family.nullable(),
  /** `replaced`: retired, because every machine has another that finds all that it found. */
  state: z.enum(["active", "recalled", "replaced"]),
  /** Who shall have it: nobody yet, the patient, or every machine. */
  scope: z.enum(["none", "patient", "all"]),
  published: Instant.nullable(),
  recalled: z.strictObject({ at: Instant, why: z.string() }).nullable(),
  replaced: z.strictObject({ at: Instant, by: PrescriptionId }).nullable(),
  /** Those that it replaces as soon as every machine has it. */
  replaces: z.array(PrescriptionId),
  /** Null until the analysis centre has published it. */
  proof: Proof.nullable(),
  outcomes: z.strictObject({
    machines: Count,
    healthy: Count,
    repaired: Count,
    refused: Count,
    failed: Count,
  }),
});
export type PrescriptionView = z.infer<typeof PrescriptionView>;
export const PrescriptionList = z.strictObject({ prescriptions: z.array(PrescriptionView) });
export type PrescriptionList = z.infer<typeof PrescriptionList>;
export const PrescriptionDetail = PrescriptionView.extend({ prescription: Prescription.nullable() });
export type PrescriptionDetail = z.infer<typeof PrescriptionDetail>;

export const TokenRequest = z.strictObject({
  role: z.enum(["agent", "analysis"]).default("agent"),
  /** At most 30 days. */
  expiresSeconds: z.number().int().min(1).max(2_592_000).default(3600),
});
export type TokenRequest = z.infer<typeof TokenRequest>;
export const TokenReply = z.strictObject({
  token: z.string(),
  role: z.enum(["agent", "analysis"]),
  expires: Instant,
});
export type TokenReply = z.infer<typeof TokenReply>;

/** Why a person decided so; shown in the history. */
export const Decision = z.strictObject({ why: z.string().max(1024).default("") });
export type Decision = z.infer<typeof Decision>;

export const Overview = z.strictObject({
  /** `well`: nothing open; `healing`: cases go through the loop by themselves; `person`: at least one waits for a person. */
  state: z.enum(["well", "healing", "person"]),
  stages: z.record(CaseStage, Count),
  machines: z.strictObject({ agents: Count, analysis: Count, silent: Count, blind: Count }),
  prescriptions: z.strictObject({ active: Count, recalled: Count, replaced: Count }),
  queue: Count,
  version: z.string(),
});
export type Overview = z.infer<typeof Overview>;
