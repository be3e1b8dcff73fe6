/** Bytes of a piece; shorter sequences cannot be told. */
export const PIECE_BYTES = 12;
/** Bytes before the words in a filter's file; they lie before them in memory, too, so that the file is one run of memory. */
export const HEADER_BYTES = 64;
/** Bytes that the kernel is given at once, in the scratch of one instance. */
export const INPUT_BYTES = 1 << 20;
/** Marks that wait in a bin: enough that several fall into one line of the cache when they are written at last. */
export const ROOM = 8192;
const PAGE = 65536;
const FILTER_AT = PAGE;
export const WORD_BYTES = 8;
/** Of a filter that is added to less often. */
export const SMALL_ROOM = 1024;
/** Where a scratch has its bins. */
export const BINS_AT = 32768;
/** What follows the input may be read, whatever it is. */
const BEHIND = 64;

/** Logarithm of the filter's size in words: least and most (1 GiB). */
const MIN_BITS = 13;
export const MAX_BITS = 27;
/** Bytes of goodware for a byte of the filter, at most: then a bit in three is set and one strange piece in 25 is taken for known. */
const DENSITY = 11;

/** Logarithm of the number of words of the filter for so many bytes of goodware. */
export function filterBits(bytes: number): number {
  let bits = MIN_BITS;
  while (bits < MAX_BITS && 2 ** bits * WORD_BYTES * DENSITY < bytes) bits++;
  return bits;
}

/** A filter in memory that all its instances share; it can be sent to other threads. */
export interface FilterSpace {
  readonly memory: WebAssembly.Memory;
  /** Logarithm of the number of words. */
  readonly bits: number;
  /** Marks that one bin of an instance takes. */
  readonly room: number;
}

/** @param instances how many threads add to it */
export function filterSpace(bits: number, instances: number, room: number): FilterSpace {
  const pages = (FILTER_AT + 2 ** bits * WORD_BYTES + instances * scratchBytes(room, INPUT_BYTES)) / PAGE;
  return { memory: new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }), bits, room };
}

/** Where an instance has its scratch, and its input in it. */
export function scratchOf({ bits, room }: FilterSpace, instance: number): { scratch: number; input: number } {
  const scratch = FILTER_AT + 2 ** bits * WORD_BYTES + instance * scratchBytes(room, INPUT_BYTES);
  return { scratch, input: scratch + inputAt(room) };
}

/** The same without a filter: only which pieces are marked is asked. */
export function scratchAlone(
  room: number,
  inputBytes: number,
): { memory: WebAssembly.Memory; scratch: number; input: number } {
  const pages = (FILTER_AT + scratchBytes(room, inputBytes)) / PAGE;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  return { memory, scratch: FILTER_AT, input: FILTER_AT + inputAt(room) };
}

/** The kernel's counts, hashes, places and bins come first. */
function inputAt(room: number): number {
  return BINS_AT + 256 * (room * 8 + 64);
}

function scratchBytes(room: number, inputBytes: number): number {
  return Math.ceil((inputAt(room) + inputBytes + BEHIND) / PAGE) * PAGE;
}

/** Header and words within the memory: what a filter's file holds. */
export function filterFile({ memory, bits }: FilterSpace): Uint8Array {
  return new Uint8Array(memory.buffer, FILTER_AT - HEADER_BYTES, fileBytes(bits));
}

/** Size of a filter's file. */
export function fileBytes(bits: number): number {
  return HEADER_BYTES + 2 ** bits * WORD_BYTES;
}
