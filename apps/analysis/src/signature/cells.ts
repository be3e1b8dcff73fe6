import type { InfectedPair, InfectionAnalysis } from "../infection/analysis.ts";
import { view } from "../infection/bytes.ts";
import { commonSegments } from "../infection/invariant.ts";
import { bodyBytes } from "../infection/pair-infections.ts";
import { typeFamily } from "../infection/specimen.ts";
import { type Candidate, occursIn, overlaps } from "./candidate.ts";
import { candidatesOf, STRONG } from "./candidates.ts";
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

/** Ways to part infected files that share too little, coarse to fine. */
const partings: ((pair: InfectedPair, shape: string) => string)[] = [
  ({ specimen }) => typeFamily(specimen.type),
  (_, shape) => shape,
  ({ afterType }) => afterType,
];

/**
 * The fewest cells that cover all infected files: all of them, else by type family, shape of change, type, and at last by what
 * bodies share (`split`). A single file shows nothing constant, unless the sample itself holds the same bytes. `finest` parts the
 * files wherever they can be, for another attempt when self holds what all of them share.
 */
export function findCells(
  analysis: InfectionAnalysis,
  sample: Uint8Array,
  self: Self,
  { finest = false, split = true }: { readonly finest?: boolean; readonly split?: boolean } = {},
): Cells {
  const shapes = new Map(analysis.groups.flatMap((group) => group.pairs.map((pair) => [pair, group.shape])));
  const part = (pairs: readonly InfectedPair[], level: number): Cells => {
    const whole = cellOf(pairs, sample, self);
    const strong = whole !== null && strongApart(whole.candidates) >= ENOUGH_STRONG;
    if (strong && !finest) return { cells: [whole], alone: [] };
    const finer = partFurther(pairs, level);
    const better = finer.alone.length === 0 && finer.cells.every((cell) => strongApart(cell.candidates) > 0);
    if (whole !== null && !(better && finer.cells.length <= MAX_CELLS)) return { cells: [whole], alone: [] };
    return finer;
  };
  const partFurther = (pairs: readonly InfectedPair[], level: number): Cells => {
    const key = partings[level];
    if (key === undefined && !split) return { cells: [], alone: [...pairs] };
    if (key === undefined) {
      const cells: Cell[] = [];
      const alone: InfectedPair[] = [];
      splitBySharing(pairs, sample, self, cells, alone);
      return { cells, alone };
    }
    const parts = [...Map.groupBy(pairs, (pair) => key(pair, shapes.get(pair) ?? "")).values()];
    if (parts.length === 1) return partFurther(pairs, level + 1);
    const found = parts.map((each) => part(each, level + 1));
    return { cells: found.flatMap(({ cells }) => cells), alone: found.flatMap(({ alone }) => alone) };
  };
  return part(
    analysis.groups.flatMap((group) => group.pairs),
    0,
  );
}

/** Strong strings that a cell must offer before it is not parted any further: some may fall to the veto. */
const ENOUGH_STRONG = 2;

function strongApart(candidates: readonly Candidate[]): number {
  const apart: Candidate[] = [];
  for (const candidate of candidates) {
    if (candidate.logProbability > STRONG || apart.length >= ENOUGH_STRONG) break;
    if (!apart.some((other) => overlaps(candidate, other))) apart.push(candidate);
  }
  return apart.length;
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
