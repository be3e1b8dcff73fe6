import {
  type MachineId,
  newId,
  type Observation,
  type Sha256,
  Suspicion,
  type Suspicion as SuspicionDocument,
} from "@thymus/contracts";
import { holdsRun, runsOf } from "./difference.ts";
import { type Change, type Evidence, type Incident, isChanged } from "./incident.ts";
import { combine } from "./score.ts";
import { infectionShape } from "./shape.ts";

/** A file that could be submitted, with what speaks for it. */
export interface Candidate {
  readonly change: Change;
  readonly score: number;
  readonly evidence: readonly Evidence[];
  /** It appeared together with changed programs. */
  readonly dropper: boolean;
}

/** Score of its own from which an earlier program counts as what changed the others. */
const SUSPECT_BY_ITSELF = 0.5;

/**
 * Ranks the files of an incident as subjects: first a program that appeared together with changed ones (it may have
 * changed them), then by score. Of several that appeared, one that carries what the changed ones got comes first, then
 * what looks worst by itself, then what was there first. A program that appeared and was accepted before counts so only
 * where more speaks against it than its age.
 */
export function rankCandidates(incident: Incident, evidence: readonly Evidence[]): Candidate[] {
  const changed = incident.changes.filter(isChanged);
  // Programs that were only updated were changed by no dropper.
  const spread = changed.some((change) => infectionShape(change) !== null);
  // What another program that appeared looks like says nothing about this one.
  const touched = new Set(changed.map(({ path }) => path));
  const runs = runsOf(changed.flatMap((change) => change.foreign));
  const ranked = incident.changes
    .filter((change) => change.now.content?.whole)
    .map((change) => {
      const own = combine(evidence.filter((each) => each.path === change.path).map(({ weight }) => weight));
      const appeared = !isChanged(change) && change.now.program && changed.length > 0;
      const carries = appeared && holdsRun(change.now.content!.bytes, runs);
      const likely = !change.earlier || own >= SUSPECT_BY_ITSELF || (change.earlier === "fresh" && carries);
      const dropper = appeared && likely && (spread || carries);
      const about = evidence.filter(
        (each) => each.shared || each.path === change.path || (dropper && touched.has(each.path)),
      );
      const counted = strongestOfEachRule(about, change.path);
      const score = combine(counted.map(({ weight }) => weight));
      return { change, dropper, evidence: counted, score, own, carries };
    });
  return ranked.sort(
    (a, b) =>
      Number(b.dropper) - Number(a.dropper) ||
      Number(!b.change.earlier) - Number(!a.change.earlier) ||
      Number(b.carries) - Number(a.carries) ||
      (a.dropper ? b.own - a.own : b.score - a.score) ||
      Number(a.change.now.facts.ctimeNs - b.change.now.facts.ctimeNs) ||
      (a.change.path < b.change.path ? -1 : 1),
  );
}

function strongestOfEachRule(evidence: readonly Evidence[], path: string): Evidence[] {
  const byRule = new Map<string, Evidence>();
  for (const each of evidence) {
    const known = byRule.get(each.rule);
    const better =
      !known || each.weight > known.weight || (each.weight === known.weight && each.path === path);
    if (better) byRule.set(each.rule, each);
  }
  return [...byRule.values()].sort((a, b) => b.weight - a.weight || (a.rule < b.rule ? -1 : 1));
}

/** Names who wrote the file, where that is known. */
function withWriter(what: string, change: Change | undefined): string {
  if (!change?.writer) return what;
  const { exe, pid } = change.writer;
  return `${what} (written by ${exe ?? "a program that ended"}, process ${pid})`;
}

/** The explained claim about a candidate. */
export function suspicionOf(candidate: Candidate, incident: Incident, machine: MachineId): SuspicionDocument {
  const at = new Date().toISOString();
  const byPath = new Map(incident.changes.map((change) => [change.path, change]));
  const observations: Observation[] = candidate.evidence.map((each) => {
    const change = byPath.get(each.path);
    return {
      id: newId("obs"),
      kind: each.kind,
      path: each.path.slice(0, 4096),
      at,
      what: withWriter(each.what, change).slice(0, 1024),
      sha256Before: (change?.before?.sha256 ?? null) as Sha256 | null,
      sha256After: change?.now.content?.sha256 ?? null,
      prescription: each.prescription ?? null,
    };
  });
  const { now } = candidate.change;
  return Suspicion.parse({
    id: newId("sus"),
    machine,
    subject: { path: now.path, sha256: now.content!.sha256, size: now.content!.bytes.length, type: now.type },
    score: candidate.score,
    reasons: candidate.evidence.map((each, index) => ({
      observation: observations[index]!.id,
      weight: each.weight,
      why: withWriter(each.what, byPath.get(each.path)),
    })),
    observations,
    at,
  });
}
