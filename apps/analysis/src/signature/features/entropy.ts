/** Bytes a block; a block of random bytes of this size has an entropy of about 7.8 bits a byte, machine code 5 to 6.5. */
const BLOCK = 1024;
const DENSE = 7.25;

export interface Density {
  /** Share of the file, without blocks of one value only, that is compressed, encrypted or random. */
  readonly share: number;
  /** The longest run of such blocks. */
  readonly densest: { readonly start: number; readonly end: number };
}

export function densityOf(bytes: Uint8Array): Density {
  const counts = new Uint16Array(256);
  let filled = 0;
  let dense = 0;
  let runStart = 0;
  let densest = { start: 0, end: 0 };
  for (let at = 0; at + BLOCK <= bytes.length; at += BLOCK) {
    const bits = blockEntropy(bytes, at, counts);
    if (bits === 0) continue;
    filled++;
    if (bits < DENSE) {
      runStart = at + BLOCK;
      continue;
    }
    dense++;
    if (at + BLOCK - runStart > densest.end - densest.start) densest = { start: runStart, end: at + BLOCK };
  }
  return { share: filled === 0 ? 0 : dense / filled, densest };
}

const LOG2 = Float64Array.from({ length: BLOCK + 1 }, (_, count) =>
  count === 0 ? 0 : (count / BLOCK) * Math.log2(BLOCK / count),
);

function blockEntropy(bytes: Uint8Array, from: number, counts: Uint16Array): number {
  counts.fill(0);
  for (let at = from; at < from + BLOCK; at++) counts[bytes[at]!]!++;
  let bits = 0;
  for (let value = 0; value < 256; value++) bits += LOG2[counts[value]!]!;
  return bits;
}
