import { strongOf } from "./fingerprint.ts";
import type { Pool, Puzzle } from "./puzzle.ts";
import { BASE, power, weakOf, weakOfConstant } from "./rolling.ts";

const FILTER_BITS = 16;

/** Blocks of one byte over and over show that by their checksum alone. */
export function settleConstants(puzzle: Puzzle): void {
  const unit = new Map<number, number>();
  for (const i of puzzle.missing()) {
    const block = puzzle.block(i);
    if (!unit.has(block.length)) unit.set(block.length, weakOfConstant(1, block.length));
    const one = unit.get(block.length)!;
    for (let value = 0; value < 256; value++) {
      if (Math.imul(value, one) !== block.weak) continue;
      const bytes = new Uint8Array(block.length).fill(value);
      if (puzzle.fits(block, bytes)) puzzle.settle(i, bytes, "padding", null, null);
    }
  }
}

/** Missing blocks of one length by their weak checksums. */
interface Index {
  readonly length: number;
  readonly blocks: Map<number, number[]>;
  readonly filter: Uint8Array;
}

/** The missing blocks, ready to be looked for in many pools. */
export class Seeker {
  readonly #puzzle: Puzzle;
  #known = -1;
  #indexes: Index[] = [];

  constructor(puzzle: Puzzle) {
    this.#puzzle = puzzle;
  }

  /** Finds missing blocks at any offset of a pool. @returns how many */
  locate(pool: Pool): number {
    if (this.#known !== this.#puzzle.known) this.#build();
    let found = 0;
    for (const index of this.#indexes)
      if (index.length <= pool.bytes.length) found += locateLength(this.#puzzle, pool, index);
    return found;
  }

  #build(): void {
    const puzzle = this.#puzzle;
    const byLength = new Map<number, Index>();
    for (const i of puzzle.missing()) {
      const { length, weak } = puzzle.block(i);
      let index = byLength.get(length);
      if (index === undefined) {
        index = { length, blocks: new Map(), filter: new Uint8Array(1 << FILTER_BITS) };
        byLength.set(length, index);
      }
      index.filter[weak >>> (32 - FILTER_BITS)] = 1;
      const same = index.blocks.get(weak);
      if (same === undefined) index.blocks.set(weak, [i]);
      else same.push(i);
      puzzle.budget.take(100);
    }
    this.#indexes = [...byLength.values()];
    this.#known = puzzle.known;
  }
}

function locateLength(puzzle: Puzzle, pool: Pool, { length, blocks, filter }: Index): number {
  const { bytes } = pool;
  if (!puzzle.budget.take(4 * bytes.length)) return 0;
  const top = power(length - 1);
  const end = bytes.length - length;
  let found = 0;
  let weak = weakOf(bytes, 0, length);
  for (let at = 0; ; at++) {
    if (filter[weak >>> (32 - FILTER_BITS)] === 1) {
      const same = blocks.get(weak);
      if (same !== undefined) found += confirm(puzzle, pool, at, length, same);
      if (puzzle.budget.left < 0) return found;
    }
    if (at >= end) return found;
    weak = (Math.imul(weak - Math.imul(bytes[at]!, top), BASE) + bytes[at + length]!) | 0;
  }
}

function confirm(puzzle: Puzzle, pool: Pool, at: number, length: number, same: readonly number[]): number {
  const open = same.filter((i) => !puzzle.isPlaced(i));
  if (open.length === 0) return 0;
  const window = pool.bytes.subarray(at, at + length);
  puzzle.budget.take(1500 + 4 * length);
  const strong = strongOf(window);
  let found = 0;
  for (const i of open) {
    if (puzzle.block(i).strong !== strong) continue;
    if (puzzle.content[i] === null) found++;
    const alignment = { pool, base: at };
    puzzle.settle(i, window, pool.name, alignment, alignment);
  }
  return found;
}
