/** The arithmetic of the encodings on bytes alone; whoever infers recipes tries the same. */
import type { KeyOperation } from "@thymus/contracts";
import { refuse } from "./refuse.ts";

const operations: Record<KeyOperation, (byte: number, key: number) => number> = {
  xor: (byte, key) => byte ^ key,
  add: (byte, key) => byte + key,
  subtract: (byte, key) => byte - key,
};

/** Each byte with the key, which repeats. The key must not be empty. */
export function combined(bytes: Uint8Array, key: Uint8Array, by: KeyOperation): Uint8Array {
  const operation = operations[by];
  const result = new Uint8Array(bytes.length);
  for (let i = 0, k = 0; i < bytes.length; i++) {
    result[i] = operation(bytes[i]!, key[k]!);
    if (++k === key.length) k = 0;
  }
  return result;
}

/** Each byte with a key that grows by `step` (modulo 256). */
export function slid(bytes: Uint8Array, by: KeyOperation, key: number, step: number): Uint8Array {
  const operation = operations[by];
  return bytes.map((byte, i) => operation(byte, (key + i * step) & 255));
}

/** Each byte with the encoded one before it; then `plus` is added (modulo 256). */
export function chained(bytes: Uint8Array, by: "xor" | "subtract", first: number, plus: number): Uint8Array {
  const operation = operations[by];
  return bytes.map((byte, i) => operation(byte, i === 0 ? first : bytes[i - 1]!) + plus);
}

/** The bits of each byte turned right. */
export function rotated(bytes: Uint8Array, bits: number): Uint8Array {
  return bytes.map((byte) => (byte >>> bits) | (byte << (8 - bits)));
}

/** Halves of each byte (1), or bytes of each whole word, in the opposite order; a rest shorter than a word stays. */
export function swapped(bytes: Uint8Array, unit: 1 | 2 | 4 | 8): Uint8Array {
  if (unit === 1) return rotated(bytes, 4);
  const result = Uint8Array.from(bytes);
  for (let at = 0; at + unit <= result.length; at += unit) result.subarray(at, at + unit).reverse();
  return result;
}

/** Each byte by a table of 256. @throws ThymusError REPAIR_REFUSED where the inverse of one is not clear */
export function looked(bytes: Uint8Array, table: Uint8Array, inverse: boolean): Uint8Array {
  if (!inverse) return bytes.map((byte) => table[byte]!);
  const back = new Uint8Array(256);
  for (const [plain, code] of table.entries()) back[code] = plain;
  if (new Set(table).size !== 256) throw refuse("a table of the recipe has no inverse");
  return bytes.map((byte) => back[byte]!);
}

/**
 * Whole blocks moved to `order[i]` (`inverse`: from there); what is behind the last of them stays.
 * @throws ThymusError REPAIR_REFUSED where the order leaves a block out
 */
export function unshuffled(
  bytes: Uint8Array,
  unit: number,
  order: readonly number[],
  inverse: boolean,
): Uint8Array {
  if (new Set(order).size !== order.length || order.some((place) => place >= order.length))
    throw refuse("the order of the blocks names one twice");
  const result = Uint8Array.from(bytes);
  for (const [i, place] of order.entries()) {
    const [from, to] = inverse ? [place, i] : [i, place];
    result.set(bytes.subarray(from * unit, (from + 1) * unit), to * unit);
  }
  return result;
}
