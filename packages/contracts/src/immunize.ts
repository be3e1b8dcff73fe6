import { z } from "zod";
import { Behaviour, GaveUp, Infection, SampleFacts, Verdict } from "./behaviour.ts";
import { Count } from "./common.ts";
import { CaseId, Family } from "./ids.ts";
import { ChamberInfo, StageSeconds } from "./proof.ts";

/** What `thymus immunize --json` prints for one sample; also `report.json`. */
export const ImmunizeReport = z.strictObject({
  case: CaseId,
  sample: SampleFacts,
  verdict: Verdict,
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
      goodwareFiles: Count,
      goodwareBytes: Count,
      falsePositives: Count,
    })
    .nullable(),
  gaveUp: GaveUp.nullable(),
  seconds: StageSeconds,
  chamber: ChamberInfo.shape.kind,
});
export type ImmunizeReport = z.infer<typeof ImmunizeReport>;
