import { BLOCK, type Kernel, loadKernel } from "./filter.ts";
import { BINS_AT, type FilterSpace, filterFile, HEADER_BYTES, PIECE_BYTES, scratchAlone } from "./memory.ts";

/** The words of a filter, wherever they lie. */
export interface Words {
  /** Whether a word has all these bits, given as its lower and higher half. */
  has(word: number, low: number, high: number): boolean;
}

/** Least room for the marks of one block. */
const ROOM = 64;

/**
 * What a filter remembers. What it calls absent is absent, exactly; the converse does not hold: a Bloom filter remembers a few
 * pieces that never were.
 */
export class Remembered {
  readonly #kernel: Kernel;
  readonly #words: Words;
  readonly #input: Uint8Array;
  readonly #at: number;
  readonly #marks: Uint32Array;

  constructor(words: Words, bits: number, skip = 0) {
    const { memory, scratch, input } = scratchAlone(ROOM, BLOCK);
    this.#kernel = loadKernel(memory);
    this.#kernel.setup(bits, scratch, ROOM, skip);
    this.#words = words;
    this.#at = input;
    this.#input = new Uint8Array(memory.buffer, input, BLOCK);
    this.#marks = new Uint32Array(memory.buffer, scratch + BINS_AT, 4 * BLOCK);
  }

  /** True: these bytes stand in nothing that was remembered. */
  absent(bytes: Uint8Array): boolean {
    return this.#some(bytes, 0n, false);
  }

  /** How many marked pieces these bytes have, and how many of them are remembered under this salt. */
  count(bytes: Uint8Array, salt: bigint): { marked: number; known: number } {
    let [marked, known] = [0, 0];
    this.#some(bytes, salt, (isKnown) => {
      marked++;
      if (isKnown) known++;
    });
    return { marked, known };
  }

  /** Asks for each marked piece: ends with true at the first that is not remembered, or tells all. */
  #some(bytes: Uint8Array, salt: bigint, tell: ((isKnown: boolean) => void) | false): boolean {
    const overlap = PIECE_BYTES - 1;
    for (let from = 0; from + overlap < bytes.length; from += BLOCK - overlap) {
      const part = bytes.length <= BLOCK ? bytes : bytes.subarray(from, from + BLOCK);
      this.#input.set(part);
      const end = 4 * this.#kernel.marks(this.#at, part.length, salt);
      for (let at = 0; at < end; at += 4) {
        const isKnown = this.#words.has(this.#marks[at]!, this.#marks[at + 2]!, this.#marks[at + 3]!);
        if (tell) tell(isKnown);
        // An index that an older version made may lack zeros, whose hash is 0: their absence is never certain.
        else if (!isKnown && !isZero(this.#marks.subarray(at, at + 4))) return true;
      }
    }
    return false;
  }
}

/** Whether a mark is that of the hash 0: the first word's first bit. */
function isZero([word, , low, high]: Uint32Array): boolean {
  return word === 0 && low === 1 && high === 0;
}

/** The words of a filter in memory. */
export function wordsIn(space: FilterSpace): Words {
  const file = filterFile(space);
  const words = new Uint32Array(file.buffer, file.byteOffset + HEADER_BYTES);
  return {
    has: (word, low, high) =>
      (words[2 * word]! & low) >>> 0 === low && (words[2 * word + 1]! & high) >>> 0 === high,
  };
}
