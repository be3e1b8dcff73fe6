/** Mixes of 4-grams and 5-grams. `word` holds four bytes, the oldest in the highest place; `last` is the fifth. */

/** 32 bits that spread over all positions of a table (the finalizer of MurmurHash3). */
export function mix(word: number, last: number): number {
  let h = Math.imul(word ^ (word >>> 15), 0x9e3779b1) ^ Math.imul(last + 1, 0x27d4eb2f);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** 16 bits that are never 0 and depend on the n-gram otherwise than {@link mix}. */
export function fingerprint(word: number, last: number): number {
  let h = Math.imul(word + 0x7f4a7c15, 0x2c1b3c6d) ^ Math.imul(last + 3, 0x165667b1);
  h = Math.imul(h ^ (h >>> 15), 0x297a2d39);
  return (h ^ (h >>> 16)) & 0xffff || 1;
}
