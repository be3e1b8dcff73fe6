import { Remembered, type Words } from "../absence/remembered.ts";
import { type Label, SALTS } from "./label.ts";

/** One marked piece in two is kept: what is asked for is whether many of them are known, not each. */
export const SKIP = 1;
/** The labels' filter is by so many powers of two smaller than that of all goodware. */
const SMALLER = 2;
const MIN_BITS = 13;
/**
 * From this share of known pieces on, bytes are a label's: a linker writes addresses into the code of a library, which changes two
 * pieces in five; of other programs hardly a stretch reaches a third.
 */
const SHARE = 0.4;
/** Where there are fewer pieces than this, all must be known; below the least nothing is told. */
const FEW = 10;
const LEAST = 3;

export function labelBits(bits: number): number {
  return Math.max(MIN_BITS, bits - SMALLER);
}

/** Tells whose code bytes are. Best asked with 256 bytes or more. */
export class Labelled {
  readonly #remembered: Remembered;

  constructor(words: Words, bits: number) {
    this.#remembered = new Remembered(words, bits, SKIP);
  }

  labelOf(bytes: Uint8Array): Label | null {
    let best: { label: Label; share: number } | null = null;
    for (const [label, salt] of Object.entries(SALTS) as [Label, bigint][]) {
      const { marked, known } = this.#remembered.count(bytes, salt);
      if (marked < LEAST) return null;
      const share = known / marked;
      if (share >= (marked < FEW ? 1 : SHARE) && (best === null || share > best.share))
        best = { label, share };
    }
    return best?.label ?? null;
  }
}
