import type { InfectedPair, InfectionAnalysis } from "../infection/analysis.ts";
import { view } from "../infection/bytes.ts";
import { commonSegments } from "../infection/invariant.ts";
import { bodyBytes } from "../infection/pair-infections.ts";
import { type Candidate, occursIn } from "./candidate.ts";
import { candidatesOf } from "./candidates.ts";
import type { Self } from "./self.ts";

/** Infected files that share a constant part, and the runs of it that could be in a rule. */
export interface Cell {
  readonly pairs: readonly InfectedPair[];
  readonly candidates: readonly Candidate[];
}

export interface Cells {
  readonly cells: Cell[];
  /** Infected files that share nothing with any other. */
  readonly alone: InfectedPair[];
}

const MAX_CELLS = 6;
const SEEDS = 24;
/** Other files that must share something for a run to be looked at further. */
const NEAR = 16;
/** After so many files that share nothing with any other the rest is taken for the same. */
const MAX_LONELY = 6;

/**
 * The fewest cells that cover all infected files: all of them, else one a group, else by what bodies share. A single file
 * shows nothing constant, unless the sample itself holds the same bytes.
 */
export function findCells(analysis: InfectionAnalysis, sample: Uint8Array, self: Self): Cells {
  const all = analysis.groups.flatMap((group) => group.pairs);
  const whole = cellOf(all, sample, self);
  if (whole !== null) return { cells: [whole], alone: [] };
  const cells: Cell[] = [];
  const alone: InfectedPair[] = [];
  const families = Map.groupBy(analysis.groups, (group) => group.family);
  for (const groups of families.values()) {
    const together = groups.flatMap((group) => group.pairs);
    const one = families.size > 1 ? cellOf(together, sample, self) : null;
    if (one !== null) {
      cells.push(one);
      continue;
    }
    for (const group of groups) {
      const cell = groups.length > 1 || families.size > 1 ? cellOf(group.pairs, sample, self) : null;
      if (cell !== null) cells.push(cell);
      else splitBySharing(group.pairs, sample, self, cells, alone);
    }
  }
  return { cells, alone };
}

function cellOf(pairs: readonly InfectedPair[], sample: Uint8Array, self: Self): Cell | null {
  const bodies = pairs.map(bodyBytes);
  if (pairs.length === 1) bodies.push([sample]);
  const segments = commonSegments(bodies);
  const candidates = candidatesOf(segments, pairs, self);
  return candidates.length === 0 ? null : { pairs, candidates };
}

/** Bodies of a few variants: takes a file, finds what it shares with the most others, and goes on with the rest. */
function splitBySharing(
  pairs: readonly InfectedPair[],
  sample: Uint8Array,
  self: Self,
  cells: Cell[],
  alone: InfectedPair[],
): void {
  let left = [...pairs];
  let lonely = 0;
  while (left.length > 0) {
    const [seed, ...others] = left;
    if (seed === undefined) return;
    if (lonely >= MAX_LONELY) {
      alone.push(...left);
      return;
    }
    const own = candidatesOf(
      bodyBytes(seed).map((bytes) => ({ bytes, at: 0 })),
      [seed],
      self,
    );
    let members: InfectedPair[] = [];
    for (const candidate of spread(own)) {
      if (!others.slice(0, NEAR).some(({ specimen }) => occursIn(candidate, specimen.after))) continue;
      if (pairs.some(({ specimen }) => occursIn(candidate, specimen.before))) continue;
      const having = others.filter(({ specimen }) => occursIn(candidate, specimen.after));
      if (having.length > members.length) members = having;
    }
    const cell = cells.length < MAX_CELLS ? cellOf([seed, ...members], sample, self) : null;
    if (cell === null) {
      alone.push(seed);
      lonely++;
    } else cells.push(cell);
    const taken = cell === null ? [seed] : cell.pairs;
    left = left.filter((pair) => !taken.includes(pair));
  }
}

function spread(candidates: readonly Candidate[]): Candidate[] {
  const step = Math.max(1, Math.floor(candidates.length / SEEDS));
  return candidates.filter((_, i) => i % step === 0);
}

/** Host bytes by chance or by design: a run that any clean decoy holds is none of the infection's. */
export function isHostRun(candidate: Candidate, clean: readonly Uint8Array[]): boolean {
  return clean.some((bytes) => bytes.length > 0 && occursIn(candidate, view(bytes)));
}
