/** Counts n-grams by hash while the sample is read the first time: one counter for all n-grams of one hash. */
export class Sketch {
  readonly #counters: Uint16Array;
  readonly #shift: number;

  constructor(bits: number) {
    this.#counters = new Uint16Array(2 ** bits);
    this.#shift = 32 - bits;
  }

  add(hash: number): void {
    const at = hash >>> this.#shift;
    if (this.#counters[at]! < 0xffff) this.#counters[at]!++;
  }

  get(hash: number): number {
    return this.#counters[hash >>> this.#shift]!;
  }

  /** Forgets the counter, so that an n-gram is carried over once. */
  clear(hash: number): void {
    this.#counters[hash >>> this.#shift] = 0;
  }

  /** The least count such that no more than `room` n-grams have it. */
  threshold(room: number): number {
    const histogram = new Float64Array(0x10000);
    for (const count of this.#counters) histogram[count]! += 1;
    let kept = 0;
    for (let count = 0xffff; count >= 1; count--) {
      kept += histogram[count]!;
      if (kept > room) return count + 1;
    }
    return 1;
  }
}
