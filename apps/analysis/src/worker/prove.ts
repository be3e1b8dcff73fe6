/**
 * The proof: the rule against every infected decoy, learned from and kept back, against every clean one and all of
 * goodware; the recipes against every pair, byte for byte. Counts only what it saw.
 */
import { basename } from "node:path";
import { identifyFile, loadEngine } from "@thymus/detection";
import { holdsSomething } from "../infection/index.ts";
import { RuleScanner } from "../packages/rule.ts";
import { readEvidence, readManifest, readSpecimens } from "../proof/evidence.ts";
import { type Tally, tally } from "../proof/tally.ts";
import { openCorpus } from "../self/index.ts";
import { Coverage } from "./cover.ts";
import type { EvidenceEntry, ProveJob, ProveResult } from "./protocol.ts";

/** Share of self that may have gone since it was learned (an upgrade, say) before the scan says too little. */
const MOST_UNSEEN = 0.1;

/** @param progress called with a few words at each step */
export async function prove(job: ProveJob, progress: (what: string) => void): Promise<ProveResult> {
  const started = performance.now();
  const { manifest, digest } = await readManifest(job.evidence);
  const engine = await loadEngine();
  const rules = engine.compile([{ namespace: "candidate", source: job.detect.rule }]);
  const scanner = await RuleScanner.open(job.detect);
  const of = async (run: EvidenceEntry["run"]) => {
    // What a program did to decoys says nothing about a rule that finds the program itself.
    const specimens = job.program
      ? []
      : (await readSpecimens(job.evidence, manifest, run)).filter(holdsSomething);
    // As a machine sees it: the type of the infected file, which need not be the clean one's.
    const pairs = specimens.map(({ path, before, after }) => ({
      ...{ before, after },
      type: identifyFile(after, basename(path)),
    }));
    return tally(pairs, (bytes, type) => scanner.hits(bytes, type), job.repair);
  };
  progress("proving on decoys");
  const train = await of("train");
  const fresh = await of("fresh");
  const second = await of("second");
  let cleanHits = 0;
  for (const sha256 of new Set(manifest.entries.map((entry) => entry.before))) {
    const clean = await readEvidence(job.evidence, sha256);
    // Whatever its type; a package's members are seen by looking into it.
    if (rules.scan(clean).length > 0 || scanner.hits(clean)) cleanHits += 1;
  }
  const sample = await readEvidence(job.evidence, manifest.sample.sha256);
  const asItLies = scanner.hits(sample, manifest.sample.type);
  const sampleDetected = rules.scan(sample).length > 0 || scanner.hits(sample, identifyFile(sample, ""));
  rules.close();
  scanner.close();
  const members = await coveredMembers(job, progress);
  progress("proving on goodware");
  const corpus = await openCorpus(job.corpusDir);
  const goodware = await corpus.scan([{ namespace: "candidate", source: job.detect.rule }], {});
  const unseen = goodware.gone + goodware.changed + goodware.unreadable;
  const programs = job.program ? { samples: 1, detected: asItLies ? 1 : 0 } : null;
  const why =
    hitsGood(cleanHits, goodware.hits.length, goodware.files, unseen) ??
    (programs ? unsoundProgram(programs, manifest.entries.length, job) : unsound(train, fresh, second));
  return {
    kind: "proved",
    decoys: {
      infected: train.infected,
      detected: train.detected,
      repaired: train.repaired,
      freshInfected: fresh.infected,
      freshDetected: fresh.detected,
      freshRepaired: fresh.repaired,
      ...(second.infected > 0 && {
        secondInfected: second.infected,
        secondDetected: second.detected,
        secondRepaired: second.repaired,
      }),
    },
    ...(programs && { programs }),
    goodware: {
      files: goodware.files,
      bytes: goodware.bytes,
      matches: new Set(goodware.hits.map((hit) => hit.path)).size,
      corpus: corpus.manifest.digest,
    },
    cleanHits,
    wrongRepairs: train.wrong + fresh.wrong + second.wrong,
    sampleDetected,
    evidence: digest,
    sound: why === null,
    why,
    members,
    seconds: (performance.now() - started) / 1000,
  };
}

/** Which earlier samples of the family it does all for that was done for them before. */
async function coveredMembers(
  job: ProveJob,
  progress: (what: string) => void,
): Promise<ProveResult["members"]> {
  if (!job.members || job.members.length === 0) return [];
  progress("proving on its family");
  const coverage = await Coverage.of(job.detect, job.repair);
  try {
    const told: ProveResult["members"] = [];
    for (const member of job.members)
      told.push({ sample: member.sample, covered: await coverage.covers(member) });
    return told;
  } finally {
    coverage.close();
  }
}

/** Law 1: what is good and would be hit, or too little good to tell; null where neither is so. */
function hitsGood(cleanHits: number, matches: number, files: number, unseen: number): string | null {
  if (files === 0) return "the goodware corpus is empty";
  if (unseen > files * MOST_UNSEEN)
    return `${unseen} files of self are gone or changed since it was learned: run thymus corpus build`;
  if (matches > 0) return `the rule hits ${matches} goodware files`;
  if (cleanHits > 0) return `the rule hits ${cleanHits} clean decoys`;
  return null;
}

/** Why a rule of the program itself may not act, or null. It cannot be tried on fresh decoys: the program leaves nothing in them. */
function unsoundProgram(
  programs: { readonly samples: number; readonly detected: number },
  decoys: number,
  job: ProveJob,
): string | null {
  if (programs.detected < programs.samples) return "the rule does not find the sample";
  if (decoys === 0) return "no clean decoy was kept on which the rule could be tried";
  if (job.repair.length > 0) return "a rule of a program itself has nothing to repair";
  return null;
}

/** Why a rule of infected files may not act, or null. */
function unsound(train: Tally, fresh: Tally, second: Tally): string | null {
  if (fresh.infected === 0)
    return "no fresh decoy was infected, so nothing shows that the rule holds for others";
  if (train.detected < train.infected)
    return `the rule finds ${train.detected} of ${train.infected} infected decoys`;
  if (fresh.detected < fresh.infected)
    return `the rule finds ${fresh.detected} of ${fresh.infected} fresh infected decoys`;
  if (second.detected < second.infected)
    return `the rule finds ${second.detected} of ${second.infected} decoys of the second generation`;
  return null;
}
