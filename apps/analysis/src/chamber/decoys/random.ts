import { createHash } from "node:crypto";

/** Random numbers that a seed fully decides: SHA-256 over seed and counter. Not for secrets. */
export class SeededRandom {
  readonly #seed: string;
  #counter = 0;
  #bytes = Buffer.alloc(0);

  constructor(seed: string) {
    this.#seed = seed;
  }

  /** A generator of its own for one purpose, so that one more draw here changes nothing there. */
  fork(purpose: string): SeededRandom {
    return new SeededRandom(`${this.#seed}\n${purpose}`);
  }

  bytes(length: number): Buffer {
    while (this.#bytes.length < length) {
      const more = createHash("sha256")
        .update(`${this.#seed}\n${this.#counter++}`)
        .digest();
      this.#bytes = Buffer.concat([this.#bytes, more]);
    }
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return Buffer.from(taken);
  }

  /** Whole number from 0 up to and without `limit`. */
  below(limit: number): number {
    return Number((BigInt(this.bytes(4).readUInt32LE()) * BigInt(limit)) >> 32n);
  }

  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  chance(probability: number): boolean {
    return this.below(1_000_000) < probability * 1_000_000;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  shuffle<T>(list: readonly T[]): T[] {
    const copy = [...list];
    for (let at = copy.length - 1; at > 0; at--) {
      const other = this.below(at + 1);
      [copy[at], copy[other]] = [copy[other]!, copy[at]!];
    }
    return copy;
  }
}
