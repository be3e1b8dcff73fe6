/** Bytes of a piece; shorter sequences cannot be told. */
export const PIECE_BYTES = 12;
/** Bytes before the words in a filter's file; they lie before them in memory, too, so that the file is one run of memory. */
export const HEADER_BYTES = 64;
/** Bytes that the kernel is given at once, in the scratch of one instance. */
export const INPUT_BYTES = 1 << 20;
const PAGE = 65536;
const FILTER_AT = PAGE;
const WORD_BYTES = 8;
/** The kernel's counts, hashes and bins come first. */
const INPUT_AT = 16384 + 256 * (4096 * 8 + 64);
/** What follows the input may be read, whatever it is. */
const SCRATCH_BYTES = Math.ceil((INPUT_AT + INPUT_BYTES + 64) / PAGE) * PAGE;

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

/** Memory that all instances of one filter share; it can be sent to other threads. */
export function filterMemory(bits: number, instances: number): WebAssembly.Memory {
  const pages = (FILTER_AT + 2 ** bits * WORD_BYTES + instances * SCRATCH_BYTES) / PAGE;
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

/** Where an instance has its scratch, and its input in it. */
export function scratchOf(bits: number, instance: number): { scratch: number; input: number } {
  const scratch = FILTER_AT + 2 ** bits * WORD_BYTES + instance * SCRATCH_BYTES;
  return { scratch, input: scratch + INPUT_AT };
}

/** Header and words within the memory: what a filter's file holds. */
export function filterFile(memory: WebAssembly.Memory, bits: number): Uint8Array {
  return new Uint8Array(memory.buffer, FILTER_AT - HEADER_BYTES, HEADER_BYTES + 2 ** bits * WORD_BYTES);
}
