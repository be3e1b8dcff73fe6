import { z } from "zod";
import { Level } from "./common.ts";

/** Who decides at each stage. */
export const Policy = z.strictObject({ submit: Level, repair: Level, rollout: Level });
export type Policy = z.infer<typeof Policy>;

/** One stage of a rollout: a share of the machines and what must hold before the next. */
export const Ring = z.strictObject({
  name: z.string().max(64),
  /** Share of the machines, above 0 to 1. */
  share: z.number().positive().max(1),
  gates: z.array(z.enum(["patient-healed", "no-unhealthy-machine", "no-goodware-match"])),
});
export type Ring = z.infer<typeof Ring>;

/** The withdrawal of a prescription with everything it did. */
export const Recall = z.strictObject({
  prescription: z.string(),
  why: z.string().max(1024),
  by: z.string().max(128),
  at: z.iso.datetime(),
});
export type Recall = z.infer<typeof Recall>;
