/** Hashes that wait to be counted together, and into how many parts they are sorted first. */
const WAITING = 1 << 23;
const PART_BITS = 8;

/**
 * Counts n-grams by hash while the sample is read the first time: one counter for all n-grams of one hash. Hashes are
 * gathered and sorted roughly before they are counted, since counting at random places of a large table mostly waits
 * for memory.
 */
export class Sketch {
  readonly #counters: Uint16Array;
  readonly #shift: number;
  readonly #waiting: Uint32Array;
  readonly #sorted: Uint32Array;
  #filled = 0;
  #frequent = new Uint32Array(0);

  /** @param bits logarithm of the number of counters, 8 to 31 */
  constructor(bits: number) {
    this.#counters = new Uint16Array(2 ** bits);
    this.#shift = 32 - bits;
    this.#waiting = new Uint32Array(Math.min(WAITING, 2 ** bits));
    this.#sorted = new Uint32Array(this.#waiting.length);
  }

  add(hash: number): void {
    this.#waiting[this.#filled++] = hash;
    if (this.#filled === this.#waiting.length) this.#count();
  }

  /**
   * Ends the counting: the n-grams with the highest counts, at most `room` of them, are the frequent ones from now on.
   */
  selectFrequent(room: number): void {
    this.#count();
    const least = this.#threshold(room);
    this.#frequent = new Uint32Array(Math.ceil(this.#counters.length / 32));
    for (let at = 0; at < this.#counters.length; at++) {
      if (this.#counters[at]! >= least) this.#frequent[at >>> 5]! |= 1 << (at & 31);
    }
  }

  /** The count of a frequent n-gram the first time that it is asked for, otherwise 0. */
  takeFrequent(hash: number): number {
    const at = hash >>> this.#shift;
    const bit = 1 << (at & 31);
    const word = this.#frequent[at >>> 5]!;
    if ((word & bit) === 0) return 0;
    this.#frequent[at >>> 5] = word & ~bit;
    return this.#counters[at]!;
  }

  #count(): void {
    const starts = new Uint32Array(1 << PART_BITS);
    for (let at = 0; at < this.#filled; at++) starts[this.#waiting[at]! >>> (32 - PART_BITS)]!++;
    for (let part = 0, from = 0; part < starts.length; part++) {
      const size = starts[part]!;
      starts[part] = from;
      from += size;
    }
    for (let at = 0; at < this.#filled; at++) {
      const hash = this.#waiting[at]!;
      this.#sorted[starts[hash >>> (32 - PART_BITS)]!++] = hash;
    }
    for (let at = 0; at < this.#filled; at++) {
      const counter = this.#sorted[at]! >>> this.#shift;
      if (this.#counters[counter]! < 0xffff) this.#counters[counter]!++;
    }
    this.#filled = 0;
  }

  /** The least count such that no more than `room` counters have it. */
  #threshold(room: number): number {
    const histogram = new Float64Array(0x10000);
    for (let at = 0; at < this.#counters.length; at++) histogram[this.#counters[at]!]! += 1;
    let kept = 0;
    for (let count = 0xffff; count >= 1; count--) {
      kept += histogram[count]!;
      if (kept > room) return count + 1;
    }
    return 1;
  }
}
