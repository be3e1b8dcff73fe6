import { refuse } from "./refuse.ts";

/** A hex pattern: `values[i]` is the byte, or -1 where any byte fits. */
export interface Pattern {
  readonly values: Int16Array;
  /** The longest run without `??`, which is what is searched for. */
  readonly core: Uint8Array;
  readonly coreAt: number;
}

export function parsePattern(text: string): Pattern {
  const values = new Int16Array(text.length >> 1);
  let bestAt = 0;
  let bestLength = 0;
  let runAt = 0;
  for (let i = 0; i < values.length; i++) {
    const pair = text.slice(2 * i, 2 * i + 2);
    values[i] = pair === "??" ? -1 : Number.parseInt(pair, 16);
    if (values[i] === -1) runAt = i + 1;
    else if (i + 1 - runAt > bestLength) {
      bestAt = runAt;
      bestLength = i + 1 - runAt;
    }
  }
  return {
    values,
    core: Uint8Array.from(values.subarray(bestAt, bestAt + bestLength)),
    coreAt: bestAt,
  };
}

/** Whether the pattern fits at an offset; false where it would leave the file. */
export function matchesAt(pattern: Pattern, bytes: Uint8Array, at: number): boolean {
  const { values } = pattern;
  if (at < 0 || at + values.length > bytes.length) return false;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value !== -1 && bytes[at + i] !== value) return false;
  }
  return true;
}

/** Offset of the first match that begins at or after `from`, or -1. A pattern of `??` only matches nowhere. */
export function findPattern(pattern: Pattern, bytes: Uint8Array, from = 0): number {
  if (pattern.core.length === 0) return -1;
  const haystack = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = Math.max(0, from) + pattern.coreAt;
  while (at <= bytes.length) {
    at = haystack.indexOf(pattern.core, at);
    if (at < 0) return -1;
    if (matchesAt(pattern, bytes, at - pattern.coreAt)) return at - pattern.coreAt;
    at++;
  }
  return -1;
}

/**
 * Offset of the one match of the anchor.
 * @throws ThymusError REPAIR_REFUSED where it matches nowhere or more than once
 */
export function findAnchor(anchor: string, bytes: Uint8Array): number {
  const pattern = parsePattern(anchor);
  const first = findPattern(pattern, bytes);
  if (first < 0) throw refuse("the anchor of the recipe is not in the file");
  if (findPattern(pattern, bytes, first + 1) >= 0)
    throw refuse("the anchor of the recipe is in the file twice");
  return first;
}
