import { z } from "zod";
import { Instant, Seconds } from "./common.ts";
import { CaseId, DrillId } from "./ids.ts";

/** Text that a drill sample contains: its chamber then has the drill folder. No rule may rest on it. */
export const DRILL_MARK = "THYMUS-DRILL-SAMPLE";
/** Folder that exists only in a drill sample's chamber. */
export const DRILL_FOLDER = "/run/thymus-drill";
/** Exit status of a drill pathogen outside a chamber. */
export const DRILL_REFUSED = 77;

export const DrillReport = z.strictObject({
  id: DrillId,
  pathogen: z.string(),
  case: CaseId.nullable(),
  started: Instant,
  /** Seconds from the first write; in order. */
  timeline: z.array(z.strictObject({ t: Seconds, machine: z.string(), what: z.string() })),
  /** Files of the patient identical to before. */
  patientIdentical: z.boolean(),
  /** Seconds from the first write until the last agent was protected, or null. */
  protectedAfter: Seconds.nullable(),
  passed: z.boolean(),
  why: z.string().nullable(),
});
export type DrillReport = z.infer<typeof DrillReport>;
