/** One rule for several samples of a family: learned, proved on all of them, or not made. */
import type { Prescription, PrescriptionId, Proof, Sha256 } from "@thymus/contracts";
import { failpoint } from "@thymus/store";
import {
  type AnalyseResult,
  type LearnJob,
  type LearnResult,
  type MemberEvidence,
  MOST_MEMBERS,
  type ProveJob,
  type ProveResult,
} from "../worker/protocol.ts";
import { type Candidate, type Split, splits } from "./plan.ts";
import type { FamilyMember } from "./store/store.ts";

/** The confined steps. */
export interface Steps {
  learn(job: LearnJob): Promise<LearnResult>;
  prove(job: ProveJob): Promise<ProveResult>;
}

export interface NewSample extends Candidate {
  readonly analysed: AnalyseResult;
  /** Folder of its evidence, and the one that a worker may write. */
  readonly evidence: string;
  readonly out: string;
  readonly corpusDir: string;
  readonly program: boolean;
  /** A prescription of its own was proved. */
  readonly hasOwn: boolean;
}

export interface Relatives {
  readonly family: NonNullable<AnalyseResult["family"]>;
  readonly members: readonly FamilyMember[];
  readonly active: readonly Prescription[];
  evidence(sample: Sha256): string;
}

/** What is known of the family finds the sample already, or a rule of all was proved, or nothing more than its name is known. */
export type Outcome =
  | { readonly kind: "covered"; readonly by: PrescriptionId; readonly seconds: number }
  | { readonly kind: "general"; readonly general: General; readonly seconds: number }
  | { readonly kind: "none"; readonly why: string; readonly seconds: number };

export interface General {
  readonly analysed: AnalyseResult;
  readonly proved: ProveResult;
  readonly members: NonNullable<Proof["members"]>;
  readonly replaces: readonly PrescriptionId[];
  /** Earlier samples for which it stands from now on. */
  readonly covers: readonly Sha256[];
}

/** A prescription replaces so many others at most, as its format has it. */
const MOST_REPLACED = 32;

export async function generalise(sample: NewSample, relatives: Relatives, steps: Steps): Promise<Outcome> {
  const usable = relatives.members.filter((each) => each.hasEvidence && each.program === sample.program);
  const standing = new Map(relatives.active.map((each) => [each.id, each]));
  const evidenceOf = (member: FamilyMember): MemberEvidence => ({
    ...{ sample: member.sha256, folder: relatives.evidence(member.sha256), program: member.program },
    repair: (member.stands && standing.get(member.stands)?.repair) || [],
  });
  const own: MemberEvidence = {
    ...{ sample: sample.sha256, folder: sample.evidence, program: sample.program },
    repair: sample.hasOwn ? sample.analysed.repair : [],
  };
  const evidence = new Map([own, ...usable.map(evidenceOf)].map((each) => [each.sample, each]));
  const known = relatives.active.map(({ id, detect, repair }) => ({ id, detect, repair }));
  let seconds = 0;
  let why = "there are too few samples of the family to learn from";
  // The known rules are tried in the first step alone.
  const plans: (Split | null)[] = splits(sample, usable);
  for (const [at, split] of (plans.length > 0 ? plans : [null]).entries()) {
    const learned = await steps.learn({
      ...{ kind: "learn", evidence: sample.evidence, corpusDir: sample.corpusDir, out: sample.out },
      ...{ family: relatives.family, program: sample.program, own: own.repair },
      known: at === 0 ? known.slice(0, MOST_MEMBERS) : [],
      standing: relatives.active.flatMap(({ repair }) => repair).slice(0, 256),
      learnFrom: split?.learnFrom.map((id) => evidence.get(id)!) ?? [],
    });
    await failpoint("analysis.family.learned");
    seconds += learned.seconds;
    if (learned.coveredBy) return { kind: "covered", by: learned.coveredBy, seconds };
    why = learned.why ?? why;
    if (!learned.detect || !split) continue;
    const analysed = { ...sample.analysed, detect: learned.detect, repair: learned.repair };
    const proved = await steps.prove({
      ...{ kind: "prove", evidence: sample.evidence, corpusDir: sample.corpusDir, out: sample.out },
      ...{ detect: learned.detect, repair: learned.repair, program: sample.program },
      members: [...evidence.values()],
    });
    await failpoint("analysis.family.proved");
    const judged = judge(sample, relatives, split, learned.learned, proved);
    if (typeof judged === "string") why = judged;
    else return { kind: "general", general: { analysed, proved, ...judged }, seconds };
  }
  return { kind: "none", why, seconds };
}

/**
 * Whether a general rule may stand: it does for the new sample and for one that it was not learned from all that their own did,
 * and for every sample of each prescription that it replaces. Else why not.
 */
function judge(
  sample: NewSample,
  { members, active }: Relatives,
  split: Split,
  learned: readonly Sha256[],
  proved: ProveResult,
): Pick<General, "members" | "replaces" | "covers"> | string {
  if (!proved.sound) return proved.why ?? "the rule of the family was not proved";
  const covered = new Set(proved.members.filter((each) => each.covered).map((each) => each.sample));
  if (!covered.has(sample.sha256)) return "the rule of the family does less for the sample than its own";
  if (!split.judges.some((id) => covered.has(id)))
    return "the rule finds no sample that it was not learned from";
  const replaces = active
    .filter(({ id }) => {
      const users = members.filter(({ stands }) => stands === id);
      return users.length > 0 && users.every(({ sha256 }) => covered.has(sha256));
    })
    .map(({ id }) => id)
    .slice(0, MOST_REPLACED);
  if (replaces.length === 0 && sample.hasOwn) return "the rule of the family covers no earlier one";
  const heldOut = proved.members.filter((each) => !learned.includes(each.sample));
  return {
    members: {
      samples: proved.members.length,
      detected: covered.size,
      heldOut: heldOut.length,
      heldOutDetected: heldOut.filter((each) => each.covered).length,
    },
    replaces,
    covers: members
      .filter(({ sha256, stands }) => covered.has(sha256) && (stands === null || replaces.includes(stands)))
      .map(({ sha256 }) => sha256),
  };
}
