/** Bytes of a window: long enough to be one program's own, short enough to survive a change nearby. */
export const WINDOW = 24;
/** One window of so many is kept, by its content: the same in every file that holds it. */
const SAMPLE = 32;
const MAX_WINDOWS = 65_536;
const MIN_VALUES = 9;
const BASE = 0x01000193;

/** A sample of a file's byte windows that depends on content alone: hash to the offset of its first occurrence. */
export function windowsOf(bytes: Uint8Array): Map<number, number> {
  const found = new Map<number, number>();
  if (bytes.length < WINDOW) return found;
  const keepBelow = 2 ** 32 / Math.max(SAMPLE, Math.ceil(bytes.length / MAX_WINDOWS));
  let out = 1;
  for (let i = 0; i < WINDOW; i++) out = Math.imul(out, BASE);
  let hash = 0;
  for (let at = 0; at < bytes.length; at++) {
    hash = (Math.imul(hash, BASE) + bytes[at]! + 1) | 0;
    if (at >= WINDOW) hash = (hash - Math.imul(out, bytes[at - WINDOW]! + 1)) | 0;
    if (at < WINDOW - 1) continue;
    const mixed = mix(hash);
    if (mixed >= keepBelow || found.has(mixed)) continue;
    const start = at - WINDOW + 1;
    if (isVaried(bytes, start)) found.set(mixed, start);
  }
  return found;
}

function mix(hash: number): number {
  let value = hash ^ (hash >>> 15);
  value = Math.imul(value, 0x2c1b3c6d);
  value ^= value >>> 12;
  value = Math.imul(value, 0x297a2d39);
  return (value ^ (value >>> 15)) >>> 0;
}

/** Padding, tables and drawn lines say nothing. */
function isVaried(bytes: Uint8Array, start: number): boolean {
  return new Set(bytes.subarray(start, start + WINDOW)).size >= MIN_VALUES;
}
