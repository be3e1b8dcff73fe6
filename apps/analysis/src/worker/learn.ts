/**
 * One rule for several samples of a family. First the rules that are known are tried on the new sample; only where each misses
 * something, or gives less back, is one derived over the evidence of several.
 */
import type { AnyRepair, Detection, Sha256 } from "@thymus/contracts";
import { loadEngine } from "@thymus/detection";
import { memberOf } from "../families/sketch/of-sample.ts";
import { holdsSomething, pairInfections, type Specimen } from "../infection/index.ts";
import { readEvidence, readManifest, readSpecimens } from "../proof/evidence.ts";
import { inferRepairs } from "../repair-inference/index.ts";
import { groupMembers, ownTexts } from "../signature/family/grouping.ts";
import { deriveFamilyRule, type FamilySample } from "../signature/family/index.ts";
import { Knowledge } from "../signature/family/knowledge.ts";
import { deriveRule } from "../signature/index.ts";
import { selfOf } from "./corpus.ts";
import { Coverage } from "./cover.ts";
import type { LearnJob, LearnResult, MemberEvidence } from "./protocol.ts";
import { bestRecipes, withStanding } from "./recipes-of-all.ts";

/** Infected decoys that are learned from, over all samples, and from each of them at least. */
const MOST_PAIRS = 96;
const LEAST_PAIRS = 12;

type Learned = Pick<LearnResult, "detect" | "repair" | "learned" | "why">;
const nothing = (why: string): Learned => ({ detect: null, repair: [], learned: [], why });

/** @param progress called with a few words at each step */
export async function learn(job: LearnJob, progress: (what: string) => void): Promise<LearnResult> {
  const started = performance.now();
  const done = (coveredBy: LearnResult["coveredBy"], learned: Learned): LearnResult => ({
    ...{ kind: "learned", coveredBy, ...learned },
    seconds: (performance.now() - started) / 1000,
  });
  progress("trying the rules of its family");
  for (const { id, detect, repair } of job.known)
    if (await covers(detect, repair, { folder: job.evidence, program: job.program, repair: job.own }))
      return done(id, nothing("a rule of the family finds it already"));
  if (job.learnFrom.length < 2) return done(null, nothing("there are too few samples to learn from"));
  progress("deriving a rule of the family");
  return done(null, job.program ? await learnPrograms(job) : await learnInfections(job));
}

async function covers(
  detect: Detection,
  repair: readonly AnyRepair[],
  member: Pick<MemberEvidence, "folder" | "program" | "repair">,
): Promise<boolean> {
  const coverage = await Coverage.of(detect, repair);
  try {
    return await coverage.covers(member);
  } finally {
    coverage.close();
  }
}

async function learnInfections(job: LearnJob): Promise<Learned> {
  const each = Math.max(LEAST_PAIRS, Math.floor(MOST_PAIRS / job.learnFrom.length));
  const specimens: Specimen[] = [];
  for (const { folder } of job.learnFrom) specimens.push(...spread(await learnable(folder), each));
  const { manifest } = await readManifest(job.evidence);
  const sample = {
    bytes: await readEvidence(job.evidence, manifest.sample.sha256),
    type: manifest.sample.type,
  };
  const analysis = pairInfections(specimens);
  const corpus = await selfOf(job.corpusDir);
  const derived = await deriveRule({ analysis, specimens, sample, corpus, family: job.family });
  if ("gaveUp" in derived) return nothing(derived.gaveUp.why);
  const { recipes } = inferRepairs(analysis, specimens, derived.strings);
  const known = [...job.own, ...job.learnFrom.flatMap(({ repair }) => repair)];
  const best = bestRecipes(recipes, known, specimens);
  return {
    detect: { engine: "yara-x", rule: derived.rule, scope: derived.scope },
    // What gives back samples that were not learned from goes on doing so.
    repair: best.length > 0 ? withStanding(best, job.standing, specimens) : [],
    learned: job.learnFrom.map(({ sample }) => sample),
    why: null,
  };
}

/** What may be learned from: the fresh decoys of a sample stay for the proof. */
async function learnable(folder: string): Promise<Specimen[]> {
  const { manifest } = await readManifest(folder);
  const runs = [
    await readSpecimens(folder, manifest, "train"),
    await readSpecimens(folder, manifest, "second"),
  ];
  return runs.flat().filter(holdsSomething);
}

/** So many of all types in turn, the smallest first. */
function spread(specimens: readonly Specimen[], most: number): Specimen[] {
  const ordered = [...specimens].sort((a, b) => a.after.length - b.after.length);
  const byType = [...Map.groupBy(ordered, ({ type }) => type).values()];
  const taken: Specimen[] = [];
  for (let round = 0; taken.length < most && byType.some((list) => list.length > round); round++)
    for (const list of byType) if (list[round] && taken.length < most) taken.push(list[round]!);
  return taken;
}

async function learnPrograms(job: LearnJob): Promise<Learned> {
  const samples: (FamilySample & { readonly id: Sha256; readonly original: Uint8Array })[] = [];
  for (const { folder, sample } of job.learnFrom) {
    const { manifest } = await readManifest(folder);
    const bytes = await readEvidence(folder, sample);
    const { sample: bare } = memberOf({ name: sample, bytes, type: manifest.sample.type });
    samples.push({ ...bare, id: sample, original: bytes });
  }
  const self = await selfOf(job.corpusDir);
  const kept = oneGroup(samples, new Knowledge(self));
  if (kept.length < 2) return nothing("what its relatives have of their own is not what it has");
  const derived = await deriveFamilyRule({ samples: kept, self, family: job.family });
  if ("gaveUp" in derived) return nothing(derived.gaveUp.why);
  if (derived.reach === "builds") return nothing("packed samples have nothing in common but their packer");
  const rules = (await loadEngine()).compile([{ namespace: "candidate", source: derived.rule }]);
  try {
    // What exercises carry was not looked at; the rule must find the programs as they are.
    if (kept.some(({ original }) => rules.scan(original).length === 0))
      return nothing("the rule does not find all that it was learned from");
  } finally {
    rules.close();
  }
  return {
    detect: { engine: "yara-x", rule: derived.rule, scope: derived.scope },
    ...{ repair: [], learned: kept.map(({ id }) => id), why: null },
  };
}

/**
 * The samples that are one group: a rule of several groups would find each by what is its own alone, so that whoever sends two
 * samples could add a part to it.
 */
function oneGroup<S extends FamilySample>(samples: readonly S[], knowledge: Knowledge): S[] {
  const members = samples.map((sample, i) => memberOf(sample, i));
  const groups = groupMembers(members, new Map(members.map((each) => [each, ownTexts(each, knowledge)])));
  const indices = new Set(groups[0]?.members.flatMap((each) => each.indices) ?? []);
  return samples.filter((_, i) => indices.has(i));
}
