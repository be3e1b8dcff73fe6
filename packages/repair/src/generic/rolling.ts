/**
 * The weak checksum of a block x: the sum of x[i] * BASE^(length-1-i) modulo 2^32 (Rabin and Karp). It rolls, and it is
 * linear: what a change of some bytes does to it follows from those bytes alone. All values are signed 32-bit integers.
 */
export const BASE = 0x9e3779b1 | 0;

const BASE2 = Math.imul(BASE, BASE);
const BASE3 = Math.imul(BASE2, BASE);
const BASE4 = Math.imul(BASE2, BASE2);

/** BASE * INVERSE is 1 modulo 2^32. */
export const INVERSE = (() => {
  let inverse = BASE;
  for (let i = 0; i < 5; i++) inverse = Math.imul(inverse, 2 - Math.imul(BASE, inverse));
  return inverse | 0;
})();

const powersOf = (base: number) => {
  let table = Int32Array.of(1);
  return (exponent: number): number => {
    if (exponent >= table.length) {
      const longer = new Int32Array(Math.max(exponent + 1, table.length * 2));
      longer.set(table);
      for (let i = table.length; i < longer.length; i++) longer[i] = Math.imul(longer[i - 1]!, base);
      table = longer;
    }
    return table[exponent]!;
  };
};

/** BASE^exponent modulo 2^32. */
export const power = powersOf(BASE);
/** BASE^-exponent modulo 2^32. */
export const inversePower = powersOf(INVERSE);

export function weakOf(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let hash = 0;
  let i = start;
  // Four at a time: a product waits for the one before it.
  for (; i + 3 < end; i += 4) {
    const three = Math.imul(bytes[i]!, BASE3) + Math.imul(bytes[i + 1]!, BASE2);
    hash = (Math.imul(hash, BASE4) + three + Math.imul(bytes[i + 2]!, BASE) + bytes[i + 3]!) | 0;
  }
  for (; i < end; i++) hash = (Math.imul(hash, BASE) + bytes[i]!) | 0;
  return hash;
}

/** `prefix[i]` is the checksum of the first i bytes. */
export function prefixesOf(bytes: Uint8Array): Int32Array {
  const prefix = new Int32Array(bytes.length + 1);
  for (let i = 0; i < bytes.length; i++) prefix[i + 1] = (Math.imul(prefix[i]!, BASE) + bytes[i]!) | 0;
  return prefix;
}

/** Checksum of a block of one byte over and over. */
export function weakOfConstant(value: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum = (sum + power(i)) | 0;
  return Math.imul(value, sum);
}
