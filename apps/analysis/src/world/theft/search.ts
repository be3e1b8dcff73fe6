/**
 * Finds many patterns at once, each also under XOR with any one byte: what is compared is the difference of neighbouring
 * bytes, which such a XOR does not change. Skips as Wu and Manber do ("A fast algorithm for multi-pattern searching", 1994).
 */
import type { Pattern } from "./patterns.ts";

/** Differences in a block, and bits of its hash. */
const BLOCK = 4;
const BITS = 19;
/** Shortest pattern in bytes. */
export const SHORTEST = 12;

export interface Hit {
  readonly pattern: Pattern;
  readonly at: number;
  /** The byte of the XOR; 0 where there is none. */
  readonly key: number;
}

export class PatternSearch {
  readonly #patterns: readonly Pattern[];
  /** Differences that are looked at first; those of the shortest pattern. */
  readonly #window: number;
  readonly #shift: Uint8Array;
  /** First pattern of a hash, and the next of a pattern; -1 ends. */
  readonly #first = new Int32Array(1 << BITS).fill(-1);
  readonly #next: Int32Array;

  /** Patterns shorter than 12 bytes are left out: they would be found by chance. */
  constructor(patterns: readonly Pattern[]) {
    this.#patterns = patterns.filter(({ bytes }) => bytes.length >= SHORTEST);
    const lengths = this.#patterns.map(({ bytes }) => bytes.length - 1);
    this.#window = Math.min(200, ...lengths);
    this.#shift = new Uint8Array(1 << BITS).fill(this.#window - BLOCK + 1);
    this.#next = new Int32Array(this.#patterns.length).fill(-1);
    for (const [index, { bytes }] of this.#patterns.entries()) {
      for (let at = 0; at + BLOCK <= this.#window; at++) {
        const hash = hashAt(bytes, at);
        this.#shift[hash] = Math.min(this.#shift[hash]!, this.#window - BLOCK - at);
      }
      const last = hashAt(bytes, this.#window - BLOCK);
      this.#next[index] = this.#first[last]!;
      this.#first[last] = index;
    }
  }

  /** Calls `found` for every place of every pattern, in the order in which the places' windows end. */
  search(data: Uint8Array, found: (hit: Hit) => void): void {
    if (this.#patterns.length === 0) return;
    const end = data.length - BLOCK;
    const shift = this.#shift;
    for (let at = this.#window - BLOCK; at < end; ) {
      const hash = hashAt(data, at);
      const skip = shift[hash]!;
      if (skip > 0) {
        at += skip;
        continue;
      }
      const start = at - this.#window + BLOCK;
      for (let index = this.#first[hash]!; index >= 0; index = this.#next[index]!) {
        const pattern = this.#patterns[index]!;
        const key = data[start]! ^ pattern.bytes[0]!;
        if (matches(data, start, pattern.bytes, key)) found({ pattern, at: start, key });
      }
      at++;
    }
  }
}

function matches(data: Uint8Array, start: number, pattern: Uint8Array, key: number): boolean {
  if (start + pattern.length > data.length) return false;
  for (let at = 0; at < pattern.length; at++) if ((data[start + at]! ^ key) !== pattern[at]) return false;
  return true;
}

/** Hash of the four differences that begin at `at`. */
function hashAt(data: Uint8Array, at: number): number {
  const b = data[at + 1]!;
  const c = data[at + 2]!;
  const d = data[at + 3]!;
  const block = (data[at]! ^ b) | ((b ^ c) << 8) | ((c ^ d) << 16) | ((d ^ data[at + 4]!) << 24);
  return Math.imul(block, 0x9e3779b1) >>> (32 - BITS);
}
