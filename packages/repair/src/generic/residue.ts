import type { Puzzle } from "./puzzle.ts";

/** Padding of this length is nobody's saved bytes. */
const MIN_PADDING = 48;
const MIN_SPAN = 3;

/**
 * The parts of the infected file that are not known as the clean file's in place: there saved bytes may stand, plain or
 * encoded. `plain`: without longer padding, in which nothing is saved as it is.
 */
export function residueOf(puzzle: Puzzle, plain: boolean): Uint8Array[] {
  const { bytes } = puzzle.infected;
  const covered: { start: number; end: number }[] = plain ? paddings(bytes) : [];
  for (const [i, places] of puzzle.first.entries()) {
    for (const { pool, base } of places) {
      const whole = puzzle.last[i]!.some((place) => place.pool === pool && place.base === base);
      if (pool === puzzle.infected && whole)
        covered.push({ start: base, end: base + puzzle.block(i).length });
    }
  }
  covered.sort((a, b) => a.start - b.start);
  const spans: Uint8Array[] = [];
  let at = 0;
  for (const { start, end } of [...covered, { start: bytes.length, end: bytes.length }]) {
    if (start - at >= MIN_SPAN) spans.push(bytes.subarray(at, start));
    at = Math.max(at, end);
  }
  return spans;
}

function paddings(bytes: Uint8Array): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = [];
  let start = 0;
  for (let at = 1; at <= bytes.length; at++) {
    if (at < bytes.length && bytes[at] === bytes[start]) continue;
    if (at - start >= MIN_PADDING) found.push({ start, end: at });
    start = at;
  }
  return found;
}
