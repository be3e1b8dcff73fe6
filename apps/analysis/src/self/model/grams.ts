import { KERNEL } from "./kernel.ts";
import { quantise } from "./quantise.ts";
import { BUCKET, CountTable } from "./table.ts";

// Addresses in the kernel's memory: kernel.wat says what lies there.
const LOGARITHMS_AT = 65536;
const HISTOGRAMS_AT = 131072;
const INPUT_AT = 655360;
const INPUT_BYTES = 1 << 20;
const COUNTERS_AT = 35405824;
const PAGE = 65536;
const COUNTS = 0x10000;
const THREE_BYTES = 4 * 256 ** 3;

interface Kernel {
  setup(
    shift: number,
    five: 0 | -1,
    bits: number,
    prints: number,
    values: number,
    buckets: number,
    three: number,
  ): void;
  count(at: number, places: number): void;
  countThree(at: number, places: number): void;
  histogram(): void;
  select(least: number): void;
  move(at: number, places: number): void;
}

let compiled: WebAssembly.Module | undefined;

/**
 * Counts the n-grams of one order, 4 or 5, and with the latter the 3-grams. The chunks are read twice: first each is
 * counted, one counter for all n-grams of one hash, then the most frequent ones are moved to the finished table.
 */
export class GramCounter {
  readonly #kernel: Kernel;
  readonly #memory: WebAssembly.Memory;
  readonly #input: Uint8Array;
  readonly #order: 4 | 5;
  readonly #slots: number;
  readonly #prints: number;
  readonly #values: number;
  readonly #three: number;

  /**
   * @param bits logarithm of the number of counters, 8 to 26
   * @param tableBits logarithm of the number of slots of the finished table, at least 3
   * @param given is written over and used where it is large enough
   */
  constructor(order: 4 | 5, bits: number, tableBits: number, given?: WebAssembly.Memory) {
    this.#order = order;
    this.#slots = 2 ** tableBits;
    const frequent = COUNTERS_AT + 2 * 2 ** bits;
    this.#prints = frequent + Math.ceil(2 ** bits / 8 / 16) * 16;
    this.#values = this.#prints + 2 * this.#slots;
    this.#three = this.#values + this.#slots;
    const pages = Math.ceil((this.#three + (order === 5 ? THREE_BYTES : 0)) / PAGE);
    if (given && given.buffer.byteLength >= pages * PAGE) {
      this.#memory = given;
      new Uint8Array(given.buffer, 0, pages * PAGE).fill(0);
    } else this.#memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    compiled ??= new WebAssembly.Module(Buffer.from(KERNEL, "base64"));
    const env = { memory: this.#memory };
    this.#kernel = new WebAssembly.Instance(compiled, { env }).exports as unknown as Kernel;
    this.#kernel.setup(
      32 - bits,
      order === 5 ? -1 : 0,
      frequent,
      this.#prints,
      this.#values,
      this.#slots / BUCKET - 1,
      this.#three,
    );
    this.#input = new Uint8Array(this.#memory.buffer, INPUT_AT, INPUT_BYTES);
    const logarithms = new Uint8Array(this.#memory.buffer, LOGARITHMS_AT, COUNTS);
    for (let count = 0; count < COUNTS; count++) logarithms[count] = quantise(count);
  }

  count(chunk: Uint8Array): void {
    this.#places(chunk, this.#order, (places) => this.#kernel.count(INPUT_AT, places));
    if (this.#order === 5) this.#places(chunk, 3, (places) => this.#kernel.countThree(INPUT_AT, places));
  }

  /** The counts of all 3-grams, by their value, as they stand. */
  three(): Uint32Array {
    return new Uint32Array(this.#memory.buffer, this.#three, 256 ** 3);
  }

  /** Ends the counting: the n-grams with the highest counts, at most `room` of them, are the frequent ones from now on. */
  selectFrequent(room: number): void {
    this.#kernel.histogram();
    const least = this.#threshold(room);
    if (least < COUNTS) this.#kernel.select(least);
  }

  /** Moves the frequent n-grams of a chunk to the finished table. */
  move(chunk: Uint8Array): void {
    this.#places(chunk, this.#order, (places) => this.#kernel.move(INPUT_AT, places));
  }

  /** The finished table, a copy. */
  table(): CountTable {
    return new CountTable(
      new Uint16Array(this.#memory.buffer, this.#prints, this.#slots).slice(),
      new Uint8Array(this.#memory.buffer, this.#values, this.#slots).slice(),
    );
  }

  /** Hands a chunk to the kernel, in parts that overlap so far that every n-gram lies whole in one of them only. */
  #places(chunk: Uint8Array, order: number, visit: (places: number) => void): void {
    const overlap = order - 1;
    for (let from = 0; from + overlap < chunk.length; from += INPUT_BYTES - overlap) {
      const part = chunk.length <= INPUT_BYTES ? chunk : chunk.subarray(from, from + INPUT_BYTES);
      this.#input.set(part);
      visit(part.length - overlap);
    }
  }

  /** The least count such that no more than `room` counters have it. */
  #threshold(room: number): number {
    const histograms = new Uint32Array(this.#memory.buffer, HISTOGRAMS_AT, 2 * COUNTS);
    let kept = 0;
    for (let count = COUNTS - 1; count >= 1; count--) {
      kept += histograms[count]! + histograms[COUNTS + count]!;
      if (kept > room) return count + 1;
    }
    return 1;
  }
}
