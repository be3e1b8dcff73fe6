/** The documents of the fault side: their shape is fixed here; the parts that act on them come with the fault side. */
import { z } from "zod";
import { Count, Instant } from "./common.ts";
import { ExperimentId, LicenceId } from "./ids.ts";

/** The action that cures a fault, with its way back and its limits. */
export const Remedy = z.strictObject({
  version: z.literal(1),
  name: z.string().max(128),
  runner: z.enum(["systemd", "supervised", "http", "command", "compose"]),
  action: z.string().max(1024),
  undo: z.string().max(1024).nullable(),
  guard: z.string().max(1024).nullable(),
  budget: z.strictObject({ perHour: Count, seconds: z.number().positive() }),
});
export type Remedy = z.infer<typeof Remedy>;

/** What a licence is for: one failure signature, one remedy, one scope. */
export const Licence = z.strictObject({
  version: z.literal(1),
  id: LicenceId,
  signature: z.string().max(256),
  remedy: z.string().max(128),
  scope: z.string().max(256),
  replays: z.strictObject({ run: Count, breached: Count, healedByNothing: Count, healedByRemedy: Count }),
  /** Lower Wilson bound of the healing rate, 0 to 1. */
  lowerBound: z.number().min(0).max(1),
  issued: Instant,
  expires: Instant,
  revoked: z.strictObject({ at: Instant, why: z.string() }).nullable(),
});
export type Licence = z.infer<typeof Licence>;

/** A chaos experiment: steady state, fault, stop condition, rollback. */
export const Experiment = z.strictObject({
  version: z.literal(1),
  id: ExperimentId,
  title: z.string().max(256),
  steadyState: z.array(z.strictObject({ probe: z.string(), tolerance: z.string() })).min(1),
  fault: z.strictObject({
    kind: z.string().max(64),
    target: z.string().max(256),
    seconds: z.number().positive(),
  }),
  stop: z.array(z.string().max(512)).min(1),
  rollback: z.array(z.string().max(512)),
});
export type Experiment = z.infer<typeof Experiment>;

/** The snapshot that is submitted for a fault. */
export const EvidenceSnapshot = z.strictObject({
  version: z.literal(1),
  service: z.string().max(256),
  at: Instant,
  metrics: z.array(z.strictObject({ name: z.string(), points: z.array(z.tuple([z.number(), z.number()])) })),
  logs: z.array(z.string().max(8192)).max(10_000),
  changes: z.array(z.strictObject({ at: Instant, what: z.string() })),
});
export type EvidenceSnapshot = z.infer<typeof EvidenceSnapshot>;
