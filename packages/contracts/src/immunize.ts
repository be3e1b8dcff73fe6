import { z } from "zod";
import { Behaviour, GaveUp, Infection, SampleFacts, Severity, Verdict } from "./behaviour.ts";
import { Count } from "./common.ts";
import { CaseId, Family, PrescriptionId } from "./ids.ts";
import { ChamberInfo, Proof, StageSeconds } from "./proof.ts";

/** How a sample is related to what was analysed before. */
export const Kinship = z.strictObject({
  family: Family,
  /** Share of what is its own, or the relative's, that both have; 0 to 1. */
  similarity: z.number().min(0).max(1),
  /** Samples of the family that are remembered, this one left out. */
  members: Count,
  /** The prescription was made general over several of them. */
  generalised: z.boolean(),
  /** An earlier prescription of the family that was shown to find every specimen of this one too. */
  coveredBy: PrescriptionId.nullable(),
});
export type Kinship = z.infer<typeof Kinship>;

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
  /**
   * The family that was known before, of which the sample is a variant; null where it is like nothing known, absent where nothing was
   * compared. `family` has its name then.
   */
  kinship: Kinship.nullable().optional(),
});
export type ImmunizeReport = z.infer<typeof ImmunizeReport>;
