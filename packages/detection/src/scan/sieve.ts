import { MIN_RUN, type Run } from "../bundle/string-runs.ts";

const BLOCK = 4;
const HASH_BITS = 16;
/** Bytes of each run that are compared. */
const MOST = 24;

/**
 * Tells whether one of many runs of bytes stands in a file, mostly without looking at most of its bytes (Wu and Manber 1994: by the
 * hash of four bytes it knows how far it may go on). What it takes hardly grows with the number of runs. Keyed runs are compared by
 * what neighbouring bytes differ by, which is the same under every key of one byte.
 */
export class Sieve {
  readonly #plain: Table | null;
  readonly #keyed: Table | null;

  constructor(runs: readonly Run[]) {
    const of = (keyed: boolean) => {
      const some = runs.filter((run) => run.keyed === keyed).map(({ bytes }) => bytes);
      return some.length === 0 ? null : new Table(some, keyed);
    };
    this.#plain = of(false);
    this.#keyed = of(true);
  }

  /** False: none of the runs stands in these bytes. */
  finds(bytes: Uint8Array): boolean {
    return this.#plain?.finds(bytes) === true || this.#keyed?.finds(bytes) === true;
  }
}

class Table {
  readonly #length: number;
  readonly #keyed: boolean;
  readonly #shift: Uint8Array;
  readonly #ending = new Map<number, Uint8Array[]>();

  constructor(runs: readonly Uint8Array[], keyed: boolean) {
    this.#keyed = keyed;
    this.#length = Math.max(MIN_RUN, Math.min(MOST, ...runs.map(({ length }) => length)));
    const last = this.#length - BLOCK;
    this.#shift = new Uint8Array(2 ** HASH_BITS).fill(last + 1);
    for (const run of runs) {
      const window = mostVaried(run, this.#length);
      const view = new DataView(window.buffer, window.byteOffset, window.byteLength);
      for (let at = 0; at <= last; at++) {
        const hash = hashOf(view.getInt32(at, true), keyed);
        this.#shift[hash] = Math.min(this.#shift[hash]!, last - at);
        if (at === last) this.#ending.set(hash, [...(this.#ending.get(hash) ?? []), window]);
      }
    }
  }

  /** In both halves at once: while one waits for memory the other goes on. */
  finds(bytes: Uint8Array): boolean {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const [shift, keyed, last] = [this.#shift, this.#keyed, this.#length - BLOCK];
    const end = bytes.length - BLOCK;
    const middle = Math.max(last, end >>> 1);
    let [low, high] = [last, middle];
    while (low < middle && high <= end) {
      const lowHash = hashOf(view.getInt32(low, true), keyed);
      const highHash = hashOf(view.getInt32(high, true), keyed);
      const lowStep = shift[lowHash]!;
      const highStep = shift[highHash]!;
      if (lowStep === 0 && this.#ends(lowHash, bytes, low - last)) return true;
      if (highStep === 0 && this.#ends(highHash, bytes, high - last)) return true;
      low += lowStep || 1;
      high += highStep || 1;
    }
    return (
      this.#between(bytes, view, low, Math.min(middle - 1, end)) || this.#between(bytes, view, high, end)
    );
  }

  #between(bytes: Uint8Array, view: DataView, from: number, to: number): boolean {
    const last = this.#length - BLOCK;
    for (let at = from; at <= to; ) {
      const hash = hashOf(view.getInt32(at, true), this.#keyed);
      const step = this.#shift[hash]!;
      if (step === 0 && this.#ends(hash, bytes, at - last)) return true;
      at += step || 1;
    }
    return false;
  }

  #ends(hash: number, bytes: Uint8Array, from: number): boolean {
    return this.#ending.get(hash)!.some((run) => this.#stands(run, bytes, from));
  }

  #stands(run: Uint8Array, bytes: Uint8Array, from: number): boolean {
    const key = this.#keyed ? run[0]! ^ bytes[from]! : 0;
    for (let i = 0; i < run.length; i++) if ((run[i]! ^ key) !== bytes[from + i]) return false;
    return true;
  }
}

/** Of four bytes, or of the three differences between them. */
function hashOf(word: number, keyed: boolean): number {
  const value = keyed ? (word ^ (word >>> 8)) & 0xffffff : word;
  return Math.imul(value, 0x9e3779b1) >>> (32 - HASH_BITS);
}

/** The part of a run with the most values: filler stands everywhere. */
function mostVaried(run: Uint8Array, length: number): Uint8Array {
  let [best, values] = [0, 0];
  for (let at = 0; at + length <= run.length; at++) {
    const distinct = new Set(run.subarray(at, at + length)).size;
    if (distinct > values) [best, values] = [at, distinct];
  }
  return run.slice(best, best + length);
}
