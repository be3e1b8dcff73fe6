import { z } from "zod";
import { Count, FileType, Instant } from "./common.ts";
import { MachineId, ObservationId, PrescriptionId, Sha256, SuspicionId } from "./ids.ts";

/** Which monitor saw it. */
export const ObservationKind = z.enum([
  "decoy-touched",
  "program-changed",
  "program-appeared",
  "heuristic",
  "family-signature",
  "process-behaviour",
  "documents-changed",
  "persistence",
]);
export type ObservationKind = z.infer<typeof ObservationKind>;

/** One fact that a monitor saw on a machine. */
export const Observation = z.strictObject({
  id: ObservationId,
  kind: ObservationKind,
  path: z.string().max(4096),
  at: Instant,
  /** Plain words for a person. */
  what: z.string().max(1024),
  sha256Before: Sha256.nullable(),
  sha256After: Sha256.nullable(),
  prescription: PrescriptionId.nullable(),
});
export type Observation = z.infer<typeof Observation>;

/** One reason of a score: weight 0 to 1, from which observation. */
export const Reason = z.strictObject({
  observation: ObservationId,
  weight: z.number().min(0).max(1),
  why: z.string(),
});

/** Scored and explained claim about one subject. `score` is 1 - product(1 - weight). */
export const Suspicion = z.strictObject({
  id: SuspicionId,
  machine: MachineId,
  subject: z.strictObject({ path: z.string(), sha256: Sha256, size: Count, type: FileType }),
  score: z.number().min(0).max(1),
  reasons: z.array(Reason).min(1),
  observations: z.array(Observation).min(1),
  at: Instant,
});
export type Suspicion = z.infer<typeof Suspicion>;

/** Metadata beside the sealed bytes; no content of the owner's files beside the sample itself. */
export const SampleMeta = z.strictObject({
  sha256: Sha256,
  size: Count,
  type: FileType,
  /** Last part of the path only. */
  name: z.string().max(255),
  suspicion: Suspicion,
});
export type SampleMeta = z.infer<typeof SampleMeta>;
