import { z } from "zod";
import { Verdict } from "./behaviour.ts";
import { Count, Instant } from "./common.ts";
import { FleetCount } from "./fleet.ts";
import { CaseId, Family, MachineId, PrescriptionId, Sha256 } from "./ids.ts";

/** The stages of the loop that a case walks through, in order; `closed` ends it, `person` waits for one. */
export const CaseStage = z.enum([
  "suspected",
  "submitted",
  "analysing",
  "prescribed",
  "patient",
  "rollout",
  "closed",
  "person",
]);
export type CaseStage = z.infer<typeof CaseStage>;

export const CaseOutcome = z.enum(["healed", "contained", "harmless", "known", "gave-up", "rejected"]);
export type CaseOutcome = z.infer<typeof CaseOutcome>;

/** What a case waits for a person to decide, if it does: approving goes on from there, rejecting ends the case. */
export const CaseWait = z.enum(["submit", "repair", "rollout", "gave-up", "halted"]);
export type CaseWait = z.infer<typeof CaseWait>;

/** One entry of a case's history; never removed. */
export const CaseEvent = z.strictObject({
  at: Instant,
  stage: CaseStage,
  machine: MachineId.nullable(),
  what: z.string().max(2048),
});
export type CaseEvent = z.infer<typeof CaseEvent>;

export const Case = z.strictObject({
  id: CaseId,
  machine: MachineId,
  stage: CaseStage,
  outcome: CaseOutcome.nullable(),
  waits: CaseWait.nullable(),
  sample: z.strictObject({ sha256: Sha256, size: Count, name: z.string() }),
  score: z.number(),
  verdict: Verdict.nullable(),
  family: Family.nullable(),
  prescription: PrescriptionId.nullable(),
  why: z.string().nullable(),
  opened: Instant,
  changed: Instant,
  /** How many machines hold the sample as a file of a package; left out where no machine tells what it holds. */
  fleet: FleetCount.optional(),
  history: z.array(CaseEvent),
});
export type Case = z.infer<typeof Case>;
