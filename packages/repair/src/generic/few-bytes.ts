import type { Alignment, Puzzle } from "./puzzle.ts";
import { BASE, inversePower, power } from "./rolling.ts";

/** Two bytes by their checksum: an open table over all 65,536 pairs. */
const SLOTS = 1 << 18;
let keys: Int32Array | null = null;
let pairs: Int32Array;
let upper: Int32Array;

function prepare(): void {
  if (keys !== null) return;
  keys = new Int32Array(SLOTS);
  pairs = new Int32Array(SLOTS).fill(-1);
  upper = new Int32Array(1 << 16);
  for (let pair = 0; pair < 1 << 16; pair++) {
    const key = (Math.imul(pair >> 8, BASE) + (pair & 255)) | 0;
    let slot = slotOf(key);
    while (pairs[slot] !== -1) slot = (slot + 1) & (SLOTS - 1);
    keys[slot] = key;
    pairs[slot] = pair;
    upper[pair] = Math.imul(key, power(2));
  }
}

const slotOf = (key: number) => Math.imul(key, 0x2545f491) >>> 14;

function pairOf(key: number): number {
  let slot = slotOf(key);
  while (pairs[slot] !== -1) {
    if (keys![slot] === key) return pairs[slot]!;
    slot = (slot + 1) & (SLOTS - 1);
  }
  return -1;
}

/** The block as it lies at an alignment, or null where that leaves the pool. */
export function blockAt({ pool, base }: Alignment, length: number): Uint8Array | null {
  if (base < 0 || base + length > pool.bytes.length) return null;
  return Uint8Array.from(pool.bytes.subarray(base, base + length));
}

/**
 * The block is as it lies there but for `width` (3 or 4) bytes in a row that are unknown, at one of the offsets: they are
 * solved under the weak checksum, two against two, and confirmed by the strong one.
 */
export function solveFewBytes(
  puzzle: Puzzle,
  i: number,
  now: Uint8Array,
  width: 3 | 4,
  offsets: Iterable<number>,
): Uint8Array | null {
  prepare();
  const block = puzzle.block(i);
  const { length } = block;
  if (length < width) return null;
  let weak = 0;
  for (const byte of now) weak = (Math.imul(weak, BASE) + byte) | 0;
  const choices = width === 4 ? 1 << 16 : 256;
  for (const offset of offsets) {
    if (offset < 0 || offset + width > length) continue;
    if (!puzzle.budget.take(6 * choices)) return null;
    const behind = length - offset - width;
    let part = 0;
    for (let k = 0; k < width; k++) part = (Math.imul(part, BASE) + now[offset + k]!) | 0;
    // What the unknown bytes' own checksum must be.
    const rest = (block.weak - weak) | 0;
    const target = (Math.imul(rest, inversePower(behind)) + part) | 0;
    for (let choice = 0; choice < choices; choice++) {
      const pair = pairOf((target - upper[choice]!) | 0);
      if (pair < 0) continue;
      const tried = Uint8Array.from(now);
      if (width === 4) {
        tried[offset] = choice >> 8;
        tried[offset + 1] = choice & 255;
      } else tried[offset] = choice;
      tried[offset + width - 2] = pair >> 8;
      tried[offset + width - 1] = pair & 255;
      if (puzzle.fits(block, tried)) return tried;
    }
  }
  return null;
}
