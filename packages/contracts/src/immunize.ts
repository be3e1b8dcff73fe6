import { z } from "zod";
import { Behaviour, GaveUp, Infection, SampleFacts, Severity, Verdict } from "./behaviour.ts";
import { Count } from "./common.ts";
import { CaseId, Family } from "./ids.ts";
import { ChamberInfo, Proof, StageSeconds } from "./proof.ts";

/** What `thymus immunize --json` prints for one sample; also `report.json`. */
export const ImmunizeReport = z.strictObject({
  case: CaseId,
  sample: SampleFacts,
  verdict: Verdict,
  severity: Severity,
  /** The verdict's reason in one sentence. */
  why: z.string().max(4096),
  family: Family.nullable(),
  behaviour: z.array(Behaviour),
  infection: Infection.nullable(),
  /** Path of prescription.json, relative to where the command ran, or null. */
  prescription: z.string().nullable(),
  /** False where detection is proved but no repair: said, never hidden. */
  repair: z.strictObject({ recipes: Count, why: z.string().nullable() }),
  proof: z
    .strictObject({
      infected: Count,
      detected: Count,
      repaired: Count,
      freshInfected: Count,
      freshDetected: Count,
      freshRepaired: Count,
      /** Where the rule is of the sample itself: on how many programs it was tried. No decoy is in the proof then. */
      programs: Proof.shape.programs,
      goodwareFiles: Count,
      goodwareBytes: Count,
      falsePositives: Count,
    })
    .nullable(),
  gaveUp: GaveUp.nullable(),
  seconds: StageSeconds,
  /** An infected decoy was run among fresh decoys: how many it changed; null where that was not tried. */
  secondGeneration: z.strictObject({ runs: Count, infected: Count }).nullable(),
  /** `none`: answered without running anything. */
  chamber: z.enum([...ChamberInfo.shape.kind.options, "none"]),
  /** `isolated`: the chamber had a kernel of its own. */
  trust: ChamberInfo.shape.trust,
});
export type ImmunizeReport = z.infer<typeof ImmunizeReport>;
