/** Puts a proved candidate into a prescription. Only data that passed a schema arrives here; nothing is parsed. */
import { createHash } from "node:crypto";
import {
  type CaseId,
  Prescription,
  PrescriptionId,
  parseDocument,
  type StageSeconds,
  THYMUS_VERSION,
  ThymusError,
} from "@thymus/contracts";
import type { General } from "../families/generalise.ts";
import type { AnalyseResult, ProveResult } from "../worker/protocol.ts";

/** The same case always gives the same id, so that an analysis that was killed and run again publishes once. */
export function prescriptionIdOf(id: CaseId): PrescriptionId {
  return PrescriptionId.parse(`rx-${createHash("sha256").update(id).digest("hex").slice(0, 16)}`);
}

/**
 * A recipe may refuse a file, which is then held in quarantine; it may never make something else of one than the clean
 * file. Where the repair is not proved the rule alone may still travel.
 */
export function repairIsProved({ decoys, wrongRepairs }: ProveResult): boolean {
  return wrongRepairs === 0 && decoys.repaired > 0 && decoys.freshRepaired > 0;
}

function infectionIsProved({ decoys }: ProveResult): boolean {
  return (
    decoys.freshInfected > 0 &&
    decoys.detected === decoys.infected &&
    decoys.freshDetected === decoys.freshInfected
  );
}

/** A rule of programs themselves: it finds every one of them, and there is nothing to repair. */
function programIsProved({ repair }: AnalyseResult, { programs }: ProveResult): boolean {
  return (
    programs !== undefined &&
    programs.samples > 0 &&
    programs.detected === programs.samples &&
    repair.length === 0
  );
}

/** The other samples that the rule was shown to find, each of them whole. */
function coveredBy({ members }: ProveResult, { sample }: AnalyseResult) {
  return members.filter((each) => each.covered && each.sample !== sample.sha256).map((each) => each.sample);
}

/** What its family adds to a prescription. */
export interface FamilyPart {
  readonly general: General | null;
  /** Its own name, where the family's has taken its place. */
  readonly alias: string | null;
}

/** @throws ThymusError NO_SOUND_RULE where the proof does not carry it: law 1 is held here once more */
export function assemblePrescription(
  id: PrescriptionId,
  analysed: AnalyseResult,
  proved: ProveResult,
  seconds: StageSeconds,
  at: Date,
  { general, alias }: FamilyPart = { general: null, alias: null },
): Prescription {
  const complete =
    proved.sound &&
    proved.goodware.matches === 0 &&
    proved.goodware.files > 0 &&
    proved.cleanHits === 0 &&
    (analysed.program ? programIsProved(analysed, proved) : infectionIsProved(proved));
  if (!complete || !analysed.detect || !analysed.family)
    throw new ThymusError(
      "NO_SOUND_RULE",
      proved.why ?? "the candidate was not proved",
      "see the report of the case",
    );
  return parseDocument(
    Prescription,
    {
      version: 1,
      id,
      pathogen: "infection",
      family: analysed.family,
      aliases: alias === null ? [] : [alias],
      detect: analysed.detect,
      repair: repairIsProved(proved) ? analysed.repair : [],
      ...(general && general.replaces.length > 0 && { replaces: [...general.replaces] }),
      proof: {
        decoys: proved.decoys,
        ...(proved.programs && { programs: proved.programs }),
        ...(general && { members: general.members }),
        goodware: proved.goodware,
        samples: [analysed.sample.sha256, ...coveredBy(proved, analysed)],
        evidence: proved.evidence,
        chamber: analysed.chamber,
        seconds,
      },
      made: { by: "thymus analysis", version: THYMUS_VERSION, at: at.toISOString() },
    },
    "the assembled prescription",
  );
}
