import { COUNT_OF, quantise } from "./quantise.ts";

/** Slots that one n-gram may lie in. */
export const BUCKET = 8;

/**
 * A compact table of n-gram counts: buckets of slots with a 16-bit fingerprint and an 8-bit logarithm of the count.
 * About one absent n-gram in ten thousand is taken for a present one, which errs on the side of "seen in goodware".
 */
export class CountTable {
  readonly fingerprints: Uint16Array;
  readonly counts: Uint8Array;
  readonly #mask: number;

  constructor(fingerprints: Uint16Array, counts: Uint8Array) {
    this.fingerprints = fingerprints;
    this.counts = counts;
    this.#mask = fingerprints.length / BUCKET - 1;
  }

  /** @param bits logarithm of the number of slots, at least 3 */
  static empty(bits: number): CountTable {
    return new CountTable(new Uint16Array(2 ** bits), new Uint8Array(2 ** bits));
  }

  get(hash: number, fingerprint: number): number {
    const from = (hash & this.#mask) * BUCKET;
    for (let slot = from; slot < from + BUCKET; slot++) {
      const found = this.fingerprints[slot];
      if (found === fingerprint) return COUNT_OF[this.counts[slot]!]!;
      if (found === 0) return 0;
    }
    return 0;
  }

  /** Keeps the n-gram; in a full bucket the least frequent one gives way. */
  put(hash: number, fingerprint: number, count: number): void {
    const from = (hash & this.#mask) * BUCKET;
    const value = quantise(count);
    let least = from;
    for (let slot = from; slot < from + BUCKET; slot++) {
      if (this.fingerprints[slot] === 0 || this.fingerprints[slot] === fingerprint) {
        this.fingerprints[slot] = fingerprint;
        this.counts[slot] = Math.max(this.counts[slot]!, value);
        return;
      }
      if (this.counts[slot]! < this.counts[least]!) least = slot;
    }
    if (this.counts[least]! >= value) return;
    this.fingerprints[least] = fingerprint;
    this.counts[least] = value;
  }
}
