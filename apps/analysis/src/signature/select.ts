import { type Candidate, candidateBytes, overlaps } from "./candidate.ts";
import { STRONG } from "./candidates.ts";
import { type Cell, isHostRun } from "./cells.ts";
import { stringText } from "./rule-text.ts";
import type { Self } from "./self.ts";
import { MIN_INDEXED } from "./veto.ts";

export interface Selection {
  /** Strings of each cell; all of a cell's strings were found in nothing of self. */
  readonly chosen: Candidate[][];
  readonly considered: number;
  readonly vetoed: number;
  readonly scanned: { files: number; bytes: number };
}

const ROUNDS = 4;
const PER_ROUND = 16;
const ZONES = 8;
const WANTED = 3;
/** Most strings that a weak cell may combine, and how unlikely they must be together. */
const MAX_WEAK = 5;
const TOGETHER = -80;

/**
 * Rounds of candidates, all of them scanned over self at once; a hit in any file of any type is a veto. Ends when each cell has
 * enough strings that stand, or none are left.
 */
export async function selectStrings(
  cells: readonly Cell[],
  clean: readonly Uint8Array[],
  self: Self,
  signal: AbortSignal | undefined,
): Promise<Selection> {
  const queues = cells.map((cell) => spreadOut(cell.candidates));
  const standing: Candidate[][] = cells.map(() => []);
  const verdicts = new Map<string, boolean>();
  let scanned = { files: 0, bytes: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const batch = cells.map((_, c) => (enough(standing[c]!) ? [] : take(queues[c]!, standing[c]!, clean)));
    for (const candidate of batch.flat())
      if (provenAbsent(candidate, self)) verdicts.set(candidate.hex, true);
    const settled = batch.map((list) => list.filter(({ hex }) => verdicts.get(hex) === true));
    const lacking = batch.filter((_, c) => !enough([...standing[c]!, ...settled[c]!])).flat();
    const fresh = [...new Set(lacking.map(({ hex }) => hex))].filter((hex) => !verdicts.has(hex));
    if (batch.every((list) => list.length === 0)) break;
    if (fresh.length > 0) {
      const rules = fresh.map((hex, i) => `rule c${i} { strings: $a = ${stringText(hex)} condition: $a }`);
      const result = await self.scan(
        [{ namespace: "candidates", source: rules.join("\n") }],
        signal === undefined ? {} : { signal },
      );
      scanned = { files: result.files, bytes: result.bytes };
      const hit = new Set(result.hits.map(({ rule }) => rule));
      for (const [i, hex] of fresh.entries()) verdicts.set(hex, !hit.has(`c${i}`));
    }
    for (const [c, list] of batch.entries()) {
      standing[c]!.push(...list.filter(({ hex }) => verdicts.get(hex) === true));
    }
  }
  return {
    chosen: standing.map(choose),
    considered: verdicts.size,
    vetoed: [...verdicts.values()].filter((clear) => !clear).length,
    scanned,
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

/** Told by the index of self, without a scan. */
function provenAbsent(candidate: Candidate, self: Self): boolean {
  const bytes = self.absent === undefined ? null : candidateBytes(candidate);
  return bytes !== null && bytes.length >= MIN_INDEXED && self.absent!(bytes);
}

function enough(standing: readonly Candidate[]): boolean {
  return standing.filter(isStrong).length >= WANTED;
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
