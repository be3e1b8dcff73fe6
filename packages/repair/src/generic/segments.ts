import type { Alignment, Pool, Puzzle } from "./puzzle.ts";
import { BASE, power } from "./rolling.ts";

/** Checksums of a block's beginnings at an alignment; `reach` is the longest beginning that lies in the pool. */
interface Beginnings {
  readonly of: Alignment;
  readonly sums: Int32Array;
  readonly reach: number;
}

/** Checksums of a block's ends, each as part of the whole; from `reach` on they lie in the pool. */
interface Ends {
  readonly of: Alignment;
  readonly sums: Int32Array;
  readonly reach: number;
}

export function beginningsOf(of: Alignment, length: number): Beginnings {
  const { bytes } = of.pool;
  const sums = new Int32Array(length + 1);
  let reach = 0;
  if (of.base >= 0)
    for (; reach < length && of.base + reach < bytes.length; reach++)
      sums[reach + 1] = (Math.imul(sums[reach]!, BASE) + bytes[of.base + reach]!) | 0;
  return { of, sums, reach };
}

export function endsOf(of: Alignment, length: number): Ends {
  const { bytes } = of.pool;
  const sums = new Int32Array(length + 1);
  let reach = length;
  if (of.base + length <= bytes.length)
    for (; reach > 0 && of.base + reach - 1 >= 0; reach--)
      sums[reach - 1] = (sums[reach]! + Math.imul(bytes[of.base + reach - 1]!, power(length - reach))) | 0;
  return { of, sums, reach };
}

/** A block whose beginning lies at one alignment and whose end at another: something stands between them, or they were parted. */
export function solveSplit(puzzle: Puzzle, i: number, left: Beginnings, right: Ends): Uint8Array | null {
  const block = puzzle.block(i);
  const { length } = block;
  if (!puzzle.budget.take(4 * length)) return null;
  for (let cut = right.reach; cut <= left.reach; cut++) {
    if (((Math.imul(left.sums[cut]!, power(length - cut)) + right.sums[cut]!) | 0) !== block.weak) continue;
    const tried = new Uint8Array(length);
    copy(tried, 0, cut, left.of);
    copy(tried, cut, length, right.of);
    if (puzzle.fits(block, tried)) return tried;
  }
  return null;
}

function copy(to: Uint8Array, start: number, end: number, { pool, base }: Alignment): void {
  for (let t = start; t < end; t++) to[t] = pool.bytes[base + t]!;
}

/** A table of checksums for one alignment at a time; clearing it costs nothing. */
class Table {
  readonly #mask: number;
  readonly #keys: Int32Array;
  readonly #values: Int32Array;
  readonly #rounds: Int32Array;
  #round = 0;

  constructor(entries: number) {
    let size = 16;
    while (size < entries * 4) size *= 2;
    this.#mask = size - 1;
    this.#keys = new Int32Array(size);
    this.#values = new Int32Array(size);
    this.#rounds = new Int32Array(size);
  }

  clear(): void {
    this.#round++;
  }

  /** Of equal keys the last value stays. */
  set(key: number, value: number): void {
    let slot = (Math.imul(key, 0x2545f491) >>> 7) & this.#mask;
    while (this.#rounds[slot] === this.#round && this.#keys[slot] !== key) slot = (slot + 1) & this.#mask;
    this.#rounds[slot] = this.#round;
    this.#keys[slot] = key;
    this.#values[slot] = value;
  }

  get(key: number): number {
    let slot = (Math.imul(key, 0x2545f491) >>> 7) & this.#mask;
    while (this.#rounds[slot] === this.#round) {
      if (this.#keys[slot] === key) return this.#values[slot]!;
      slot = (slot + 1) & this.#mask;
    }
    return -1;
  }
}

/**
 * A block of three pieces: its beginning, a piece that stands at any place of the pool, its end. With the piece's alignment
 * given, beginning and end are independent in the checksum, so that all pairs of borders cost no more than all borders.
 * @returns the bytes and where the piece's alignment is
 */
export function solveInset(
  puzzle: Puzzle,
  i: number,
  left: Beginnings,
  right: Ends,
  pool: Pool,
): { bytes: Uint8Array; inset: Alignment } | null {
  const block = puzzle.block(i);
  const { length, weak } = block;
  const size = pool.bytes.length;
  const { prefixes } = pool;
  const table = new Table(length + 1);
  for (let base = 1 - length; base < size; base++) {
    if (!puzzle.budget.take(16 * length)) return null;
    table.clear();
    const low = Math.max(0, -base);
    const high = Math.min(length, size - base);
    for (let end = Math.max(low + 1, right.reach); end <= high; end++)
      table.set((Math.imul(prefixes[base + end]!, power(length - end)) + right.sums[end]!) | 0, end);
    for (let start = low; start < high && start <= left.reach; start++) {
      const wanted =
        (weak - Math.imul(left.sums[start]! - prefixes[base + start]!, power(length - start))) | 0;
      const end = table.get(wanted);
      if (end <= start) continue;
      const tried = new Uint8Array(length);
      copy(tried, 0, start, left.of);
      copy(tried, start, end, { pool, base });
      copy(tried, end, length, right.of);
      if (puzzle.fits(block, tried)) return { bytes: tried, inset: { pool, base } };
    }
  }
  return null;
}

/** As above, where the piece is one byte over and over: padding that was written into. */
export function solveFilled(puzzle: Puzzle, i: number, left: Beginnings, right: Ends): Uint8Array | null {
  const block = puzzle.block(i);
  const { length, weak } = block;
  const table = new Table(length + 1);
  const ones = new Int32Array(length + 1);
  for (let t = 0; t < length; t++) ones[t + 1] = (Math.imul(ones[t]!, BASE) + 1) | 0;
  for (let value = 0; value < 256; value++) {
    if (!puzzle.budget.take(16 * length)) return null;
    table.clear();
    for (let end = Math.max(1, right.reach); end <= length; end++)
      table.set((Math.imul(Math.imul(value, ones[end]!), power(length - end)) + right.sums[end]!) | 0, end);
    for (let start = 0; start < length && start <= left.reach; start++) {
      const before = (left.sums[start]! - Math.imul(value, ones[start]!)) | 0;
      const end = table.get((weak - Math.imul(before, power(length - start))) | 0);
      if (end <= start) continue;
      const tried = new Uint8Array(length);
      copy(tried, 0, start, left.of);
      tried.fill(value, start, end);
      copy(tried, end, length, right.of);
      if (puzzle.fits(block, tried)) return tried;
    }
  }
  return null;
}
