import { headerBits } from "./file.ts";
import { HEADER_BYTES } from "./memory.ts";

/**
 * A filter that remembers what either remembers, of the larger's size. A word of the smaller one stands for several
 * neighbouring words of the larger: the high bits of a hash choose the word.
 */
export function mergeFilters(a: Uint8Array, b: Uint8Array): Uint8Array {
  const [small, large] = headerBits(a)! <= headerBits(b)! ? [a, b] : [b, a];
  const merged = Uint8Array.from(large);
  const from = new DataView(small.buffer, small.byteOffset + HEADER_BYTES);
  const to = new DataView(merged.buffer, HEADER_BYTES);
  const copies = 2 ** (headerBits(large)! - headerBits(small)!);
  for (let word = 0, at = 0; word < 2 ** headerBits(small)!; word++) {
    const low = from.getUint32(word * 8, true);
    const high = from.getUint32(word * 8 + 4, true);
    for (let copy = 0; copy < copies; copy++, at += 8) {
      to.setUint32(at, to.getUint32(at, true) | low, true);
      to.setUint32(at + 4, to.getUint32(at + 4, true) | high, true);
    }
  }
  return merged;
}
