/** Counts are kept as their logarithm in one byte: 0 is absent, n stands for BASE^(n-1); at most 4.5 % off. */
const BASE = 1.09;
const LN_BASE = Math.log(BASE);

export function quantise(count: number): number {
  if (count <= 0) return 0;
  return Math.min(255, 1 + Math.round(Math.log(count) / LN_BASE));
}

/** What each byte stands for. */
export const COUNT_OF: Float64Array = Float64Array.from({ length: 256 }, (_, byte) =>
  byte === 0 ? 0 : BASE ** (byte - 1),
);

/** Quantises a whole array; most of a table of n-grams is zero. */
export function quantiseAll(counts: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(counts.length);
  const small = Uint8Array.from({ length: 4096 }, (_, count) => quantise(count));
  for (let at = 0; at < counts.length; at++) {
    const count = counts[at]!;
    if (count !== 0) bytes[at] = count < small.length ? small[count]! : quantise(count);
  }
  return bytes;
}
