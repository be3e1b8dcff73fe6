import { MIN_INDEXED, mostLikelyThere, provenAbsent, runsOfHex } from "./absence.ts";
import { type Candidate, candidateBytes, overlaps } from "./candidate.ts";
import { STRONG } from "./candidates.ts";
import { type Cell, isHostRun } from "./cells.ts";
import { stringText } from "./rule-text.ts";
import type { Scanning, Self } from "./self.ts";

export interface Selection {
  /** Strings of each cell; all of a cell's strings were found in nothing of self. */
  readonly chosen: Candidate[][];
  readonly considered: number;
  readonly vetoed: number;
  readonly scanned: { files: number; bytes: number };
}

export interface SelectOptions {
  readonly clean: readonly Uint8Array[];
  readonly scanning: Scanning;
  /** By hex, whether a string stood the veto: known ones are not judged again, new ones are added. */
  readonly verdicts: Map<string, boolean>;
}

const ROUNDS = 3;
const PER_ROUND = 24;
const ZONES = 8;
const WANTED = 3;
/** Most strings that a weak cell may combine, and how unlikely they must be together. */
const MAX_WEAK = 5;
const TOGETHER = -80;

/**
 * What the index of self knows to be absent comes first and costs nothing. Only where that is not enough, rounds of what the index
 * cannot judge are scanned over self, all strings of a round at once; a hit is a veto. Ends when each cell has enough strings that
 * stand, or none are left.
 */
export async function selectStrings(
  cells: readonly Cell[],
  self: Self,
  { clean, scanning, verdicts }: SelectOptions,
): Promise<Selection> {
  const queues = cells.map((cell) => inOrder(cell.candidates, self));
  const standing: Candidate[][] = cells.map(() => []);
  const judged = new Set<string>();
  let scanned = { files: 0, bytes: 0 };
  for (const kind of ["proven", "open", "there"] as const) {
    for (let round = 0; round < (kind === "proven" ? 1 : ROUNDS); round++) {
      const batch = cells.map((_, c) =>
        enough(standing[c]!, queues[c]!, kind) ? [] : take(queues[c]![kind], standing[c]!, clean),
      );
      if (batch.every((list) => list.length === 0)) break;
      const hexes = [...new Set(batch.flat().map(({ hex }) => hex))];
      if (kind === "proven") for (const hex of hexes) verdicts.set(hex, true);
      const fresh = hexes.filter((hex) => !verdicts.has(hex));
      if (fresh.length > 0) {
        const rules = fresh.map((hex, i) => `rule c${i} { strings: $a = ${stringText(hex)} condition: $a }`);
        const result = await self.scan([{ namespace: "candidates", source: rules.join("\n") }], scanning);
        scanned = { files: result.files, bytes: result.bytes };
        const hit = new Set(result.hits.map(({ rule }) => rule));
        for (const [i, hex] of fresh.entries()) verdicts.set(hex, !hit.has(`c${i}`));
      }
      for (const hex of hexes) judged.add(hex);
      for (const [c, list] of batch.entries())
        standing[c]!.push(...list.filter(({ hex }) => verdicts.get(hex) === true));
    }
  }
  return {
    chosen: standing.map(choose),
    considered: judged.size,
    vetoed: [...judged].filter((hex) => verdicts.get(hex) === false).length,
    scanned,
  };
}

/** Told absent by the index; not told; not told although that is hardly an accident. */
type Kind = "proven" | "open" | "there";
type Queues = Readonly<Record<Kind, Candidate[]>>;

function inOrder(candidates: readonly Candidate[], self: Self): Queues {
  const parts = Map.groupBy(spreadOut(candidates), (candidate): Kind => {
    const bytes = candidateBytes(candidate);
    const told = bytes !== null ? { bytes } : { runs: runsOfHex(candidate.hex) };
    if (candidate.length >= MIN_INDEXED && provenAbsent(told, self)) return "proven";
    return mostLikelyThere(bytes, self) ? "there" : "open";
  });
  return {
    proven: parts.get("proven") ?? [],
    open: parts.get("open") ?? [],
    there: parts.get("there") ?? [],
  };
}

/** Round-robin over zones of the payload, the least likely of each zone first. */
function spreadOut(candidates: readonly Candidate[]): Candidate[] {
  const end = Math.max(1, ...candidates.map(({ at }) => at + 1));
  const zones: Candidate[][] = Array.from({ length: ZONES }, () => []);
  for (const candidate of candidates) zones[Math.floor((candidate.at / end) * ZONES)]!.push(candidate);
  const order: Candidate[] = [];
  for (let i = 0; order.length < candidates.length; i++) {
    for (const zone of zones) if (zone[i] !== undefined) order.push(zone[i]!);
  }
  const strong = order.filter(({ logProbability }) => logProbability <= STRONG);
  return [...strong, ...order.filter((candidate) => !strong.includes(candidate))];
}

function take(queue: Candidate[], standing: readonly Candidate[], clean: readonly Uint8Array[]): Candidate[] {
  const taken: Candidate[] = [];
  const kept: Candidate[] = [];
  let looked = 0;
  while (queue.length > 0 && taken.length < PER_ROUND && looked < 4 * PER_ROUND) {
    const candidate = queue.shift()!;
    if ([...taken, ...standing].some((other) => overlaps(candidate, other))) {
      kept.push(candidate);
      continue;
    }
    looked++;
    if (!isHostRun(candidate, clean)) taken.push(candidate);
  }
  queue.unshift(...kept);
  return taken;
}

const isStrong = (candidate: Candidate) => candidate.logProbability <= STRONG;

/** Strong strings, or where there are no more of them as many weak ones as a rule takes; at last any that make a rule. */
function enough(standing: readonly Candidate[], queues: Queues, kind: Kind): boolean {
  if (standing.filter(isStrong).length >= WANTED) return true;
  const chosen = choose(standing);
  if (kind === "there") return chosen.length > 0;
  return chosen.length === MAX_WEAK && ![...queues.proven, ...queues.open].some(isStrong);
}

/** Up to three strong strings from different places; else weak ones that are unlikely together; else none. */
function choose(standing: readonly Candidate[]): Candidate[] {
  const ordered = [...standing].sort((a, b) => a.logProbability - b.logProbability);
  const apart: Candidate[] = [];
  for (const candidate of ordered) {
    if (!apart.some((other) => overlaps(candidate, other) || candidate.hex === other.hex))
      apart.push(candidate);
  }
  const strong = apart.filter(isStrong);
  if (strong.length > 0) return strong.slice(0, WANTED);
  const weak = apart.slice(0, MAX_WEAK);
  const together = weak.reduce((sum, { logProbability }) => sum + logProbability, 0);
  return together <= TOGETHER ? weak : [];
}
