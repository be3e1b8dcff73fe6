import { solveElfFields } from "./elf-fields.ts";
import { blockAt, solveFewBytes } from "./few-bytes.ts";
import { type Fingerprint, readFingerprint } from "./fingerprint.ts";
import { Seeker, settleConstants } from "./locate.ts";
import { poolsOf } from "./pools.ts";
import { type Alignment, Budget, Pool, Puzzle } from "./puzzle.ts";
import { residueOf } from "./residue.ts";
import { beginningsOf, endsOf, solveFilled, solveInset, solveSplit } from "./segments.ts";

/** Larger infected files are not looked at. */
const MAX_INFECTED = 64 << 20;
/** About a CPU second. */
const BUDGET = 7e8;
/** With more missing blocks than this only whole ones are looked for. */
const FEW = 24;
const FAR = 4;
/** Up to so many missing blocks the file is taken for one that was changed in place. */
const IN_PLACE = 6;
/** Part of the work that is left for what comes behind the search in decoded bytes. */
const LEFT_SHARE = 0.4;
/** Blocks of this length are searched for four unknown bytes, longer ones for three. */
const SHORT = 64;
/** Bytes of a decoded pool in which pieces shorter than a block are looked for. */
const SMALL_POOL = 2048;
const MAX_SMALL_POOLS = 200;

export type Rebuilt =
  /** `how`: what was found where, in plain words, with the number of blocks. */
  { readonly rebuilt: Uint8Array; readonly how: string } | { readonly refused: string };

/**
 * Rebuilds a clean file from an infected one and the clean file's fingerprint (`fingerprintOf`), whatever infected it. The
 * result has the size and the sha256 of the clean file; where that cannot be reached the answer is a refusal. Pure. Bounded:
 * about a CPU second; memory a few times the two files.
 */
export function rebuild(fingerprint: Uint8Array, infected: Uint8Array): Rebuilt {
  const known = readFingerprint(fingerprint);
  if (known === null) return { refused: "the fingerprint of the clean file cannot be read" };
  if (infected.length > MAX_INFECTED || known.size > MAX_INFECTED)
    return { refused: `files above ${MAX_INFECTED >> 20} MiB are not rebuilt` };
  const puzzle = new Puzzle(known, infected, new Budget(BUDGET));
  const clean = solve(puzzle);
  if (clean !== null) {
    const how = [...puzzle.how].map(([name, count]) => `${name} ${count}`).join(", ");
    return { rebuilt: clean, how };
  }
  return { refused: why(puzzle, known) };
}

function why(puzzle: Puzzle, known: Fingerprint): string {
  const missing = puzzle.missing();
  if (missing.length === 0) return "the rebuilt content has not the clean file's sha256";
  const bytes = missing.reduce((sum, i) => sum + puzzle.block(i).length, 0);
  const ended = puzzle.budget.left < 0 ? " (the search was ended at its limit)" : "";
  return `${bytes} of the clean file's ${known.size} bytes lie in blocks that nothing in the infected file explains${ended}`;
}

function solve(puzzle: Puzzle): Uint8Array | null {
  const seeker = new Seeker(puzzle);
  settleConstants(puzzle);
  seeker.locate(puzzle.infected);
  join(puzzle);
  if (puzzle.missing().length <= IN_PLACE) {
    fields(puzzle, false);
    nearby(puzzle, []);
  }
  const kept: Pool[] = [];
  const small: Pool[] = [];
  if (puzzle.missing().length > 0) {
    const spans = residueOf(puzzle, false);
    // A few saved bytes stand plain somewhere in what the infection brought.
    if (puzzle.missing().length <= IN_PLACE)
      nearby(puzzle, [new Pool(Buffer.concat(residueOf(puzzle, true)), "saved elsewhere")]);
    const share = puzzle.budget.left * LEFT_SHARE;
    for (const pool of puzzle.missing().length === 0
      ? []
      : poolsOf(spans, puzzle.fingerprint.size + (1 << 20))) {
      if (puzzle.missing().length === 0 || puzzle.budget.left < share) break;
      puzzle.budget.take(12 * pool.bytes.length);
      if (seeker.locate(pool) > 0) {
        kept.push(pool);
        join(puzzle);
      } else if (pool.bytes.length <= SMALL_POOL && small.length < MAX_SMALL_POOLS) small.push(pool);
    }
    nearby(puzzle, []);
    nearby(puzzle, kept);
    fields(puzzle, true);
    nearby(puzzle, small);
    fields(puzzle, true);
  }
  return puzzle.solution();
}

/** How a block may line up, from its nearest known neighbours and from the borders of the file. */
function alignments(puzzle: Puzzle, i: number): { left: Alignment[]; right: Alignment[] } {
  const { at, length } = puzzle.block(i);
  const { infected, fingerprint } = puzzle;
  const left: Alignment[] = [];
  const right: Alignment[] = [];
  const add = (list: Alignment[], pool: Pool, base: number) => {
    if (base + length <= 0 || base >= pool.bytes.length) return;
    if (!list.some((each) => each.pool === pool && each.base === base)) list.push({ pool, base });
  };
  for (let j = i - 1; j >= 0 && j >= i - FAR; j--) {
    for (const { pool, base } of puzzle.last[j]!) add(left, pool, base + at - puzzle.block(j).at);
    if (left.length > 0) break;
  }
  for (let j = i + 1; j < puzzle.content.length && j <= i + FAR; j++) {
    for (const { pool, base } of puzzle.first[j]!) add(right, pool, base + at - puzzle.block(j).at);
    if (right.length > 0) break;
  }
  const edges: [Alignment[], Alignment[]] = [left, right];
  for (const list of edges) {
    add(list, infected, at);
    add(list, infected, at + infected.bytes.length - fingerprint.size);
  }
  return { left, right };
}

/** Blocks that are cut in two, again and again while that tells more. */
function join(puzzle: Puzzle): void {
  let open = puzzle.missing();
  for (let before = -1; before !== open.length && open.length > 0; open = puzzle.missing()) {
    before = open.length;
    for (const i of open) {
      const { left, right } = alignments(puzzle, i);
      const { length } = puzzle.block(i);
      const ends = right.map((each) => endsOf(each, length));
      for (const beginning of left.map((each) => beginningsOf(each, length))) {
        for (const end of ends) {
          if (puzzle.content[i] !== null) continue;
          const bytes = solveSplit(puzzle, i, beginning, end);
          if (bytes !== null) puzzle.settle(i, bytes, "cut in two", beginning.of, end.of);
        }
      }
    }
  }
}

/** Blocks that are in place but for a little. */
function nearby(puzzle: Puzzle, pools: readonly Pool[]): void {
  for (let turn = 0; turn < 2; turn++) {
    const open = puzzle.missing();
    if (open.length === 0 || open.length > FEW) return;
    for (const i of open) if (puzzle.content[i] === null && isBeside(puzzle, i)) one(puzzle, i, pools);
    if (puzzle.missing().length === open.length) return;
    join(puzzle);
  }
}

/** In the middle of a longer gap there is nothing to hold on to. */
function isBeside(puzzle: Puzzle, i: number): boolean {
  return puzzle.content[i - 1] !== null || puzzle.content[i + 1] !== null;
}

function one(puzzle: Puzzle, i: number, pools: readonly Pool[]): void {
  const { left, right } = alignments(puzzle, i);
  const { length } = puzzle.block(i);
  const beginnings = left.map((each) => beginningsOf(each, length));
  const ends = right.map((each) => endsOf(each, length));
  const pairs = beginnings.flatMap((beginning) => ends.map((end) => ({ beginning, end })));
  if (pools.length === 0) {
    for (const { beginning, end } of pairs) {
      const bytes = solveFilled(puzzle, i, beginning, end);
      if (bytes !== null) {
        puzzle.settle(i, bytes, "padding written into", beginning.of, end.of);
        return;
      }
    }
    for (const width of [3, 4] as const) {
      if (width === 4 && length > SHORT) continue;
      for (const of of [...left, ...right]) {
        const now = blockAt(of, length);
        if (now === null) continue;
        const bytes = solveFewBytes(puzzle, i, now, width, Array(length).keys());
        if (bytes !== null) {
          puzzle.settle(i, bytes, "few bytes solved", of, of);
          return;
        }
      }
    }
  }
  for (const pool of pools) {
    for (const { beginning, end } of pairs) {
      const found = solveInset(puzzle, i, beginning, end, pool);
      if (found !== null) {
        puzzle.settle(i, found.bytes, pool.name, found.inset, found.inset);
        return;
      }
    }
  }
}

/** Header fields of a program that changed together. */
function fields(puzzle: Puzzle, growth: boolean): void {
  const open = puzzle.missing();
  if (open.length === 0 || open.length > FEW) return;
  for (const i of open) {
    const { left, right } = alignments(puzzle, i);
    for (const of of [...left, ...right]) {
      if (puzzle.content[i] !== null || of.pool !== puzzle.infected) continue;
      const now = blockAt(of, puzzle.block(i).length);
      const bytes = now === null ? null : solveElfFields(puzzle, i, now, growth);
      if (bytes !== null) puzzle.settle(i, bytes, "header fields", of, of);
    }
  }
  join(puzzle);
}
