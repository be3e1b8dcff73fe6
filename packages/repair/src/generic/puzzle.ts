import { hash } from "node:crypto";
import { type Block, type Fingerprint, strongOf } from "./fingerprint.ts";
import { prefixesOf, weakOf } from "./rolling.ts";

/** Bytes in which clean blocks may stand: the infected file, or what a part of it decodes to. */
export class Pool {
  readonly bytes: Uint8Array;
  /** In plain words what they are, e.g. `base64`. */
  readonly name: string;
  #prefixes: Int32Array | null = null;

  constructor(bytes: Uint8Array, name: string) {
    this.bytes = bytes;
    this.name = name;
  }

  get prefixes(): Int32Array {
    this.#prefixes ??= prefixesOf(this.bytes);
    return this.#prefixes;
  }
}

/** An alignment: the byte t of a block lies at `base + t` of the pool, as far as that is inside of it. */
export interface Alignment {
  readonly pool: Pool;
  readonly base: number;
}

/** The work that a rebuilding may cost; one unit is about a nanosecond. */
export class Budget {
  left: number;

  constructor(units: number) {
    this.left = units;
  }

  /** False where the work is not covered any more. */
  take(units: number): boolean {
    this.left -= units;
    return this.left >= 0;
  }
}

const MAX_PLACES = 3;

/** What is known of the clean file so far. */
export class Puzzle {
  readonly fingerprint: Fingerprint;
  readonly infected: Pool;
  readonly budget: Budget;
  readonly content: (Uint8Array | null)[];
  /** How each block lines up with what stands before it and behind it. */
  readonly first: Alignment[][];
  readonly last: Alignment[][];
  /** What was done, by its name: number of blocks. */
  readonly how = new Map<string, number>();
  /** Number of blocks that are known. */
  known = 0;

  constructor(fingerprint: Fingerprint, infected: Uint8Array, budget: Budget) {
    this.fingerprint = fingerprint;
    this.infected = new Pool(infected, "plain");
    this.budget = budget;
    this.content = fingerprint.blocks.map(() => null);
    this.first = fingerprint.blocks.map(() => []);
    this.last = fingerprint.blocks.map(() => []);
  }

  block(i: number): Block {
    return this.fingerprint.blocks[i]!;
  }

  missing(): number[] {
    return this.content.flatMap((bytes, i) => (bytes === null ? [i] : []));
  }

  /** True where enough alignments of a block are known. */
  isPlaced(i: number): boolean {
    return this.first[i]!.length >= MAX_PLACES;
  }

  /** True where these bytes have both checksums of the block. */
  fits(block: Block, bytes: Uint8Array): boolean {
    this.budget.take(1500 + 4 * bytes.length);
    return weakOf(bytes) === block.weak && strongOf(bytes) === block.strong;
  }

  /** Notes a block's bytes. The caller has checked them. */
  settle(i: number, bytes: Uint8Array, how: string, first: Alignment | null, last: Alignment | null): void {
    if (this.content[i] === null) {
      this.content[i] = Uint8Array.from(bytes);
      this.how.set(how, (this.how.get(how) ?? 0) + 1);
      this.known++;
    }
    if (first && this.first[i]!.length < MAX_PLACES) this.first[i]!.push(first);
    if (last && this.last[i]!.length < MAX_PLACES) this.last[i]!.push(last);
  }

  /** The clean file where every block is known and the whole has its sha256; else null. */
  solution(): Uint8Array | null {
    const { size, sha256, blocks } = this.fingerprint;
    const whole = new Uint8Array(size);
    for (const [i, bytes] of this.content.entries()) {
      if (bytes === null) return null;
      whole.set(bytes, blocks[i]!.at);
    }
    return hash("sha256", whole, "hex") === sha256 ? whole : null;
  }
}
