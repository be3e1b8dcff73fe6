import type { InfectedPair } from "../infection/analysis.ts";
import { bodyBytes } from "../infection/pair-infections.ts";
import { commonHex } from "./common-hex.ts";

/** Bytes of one pattern; in a longer one a byte that only seems constant is more likely. */
const LENGTH = 96;
const MIN_CONSTANT = 20;
const MIN_DISTINCT = 4;
const STEP = 64;
const MAX_STEPS = 16;
/** A byte of two forms seems constant in one of so many sets of bodies; fewer bodies prove nothing. */
const MIN_BODIES = 6;

/** Patterns of constant and varying bytes at a fixed distance from the beginning or the end of every body. */
export function wildAnchors(pairs: readonly InfectedPair[]): { pattern: string }[] {
  if (pairs.length < MIN_BODIES) return [];
  const parts = pairs.map((pair) => bodyBytes(pair).toSorted((a, b) => b.length - a.length)[0]);
  const bodies = parts.filter((part) => part !== undefined);
  if (bodies.length < pairs.length) return [];
  const shortest = Math.min(...bodies.map((body) => body.length));
  const found: { pattern: string; constant: number }[] = [];
  for (let at = 0; at + MIN_CONSTANT <= shortest && at < STEP * MAX_STEPS; at += STEP) {
    for (const fromEnd of [false, true]) {
      const runs = bodies.map((body) => {
        const start = fromEnd ? body.length - shortest + at : at;
        return body.subarray(start, start + Math.min(LENGTH, shortest - at));
      });
      const { hex, constant } = commonHex(runs);
      if (constant.length < MIN_CONSTANT || new Set(constant).size < MIN_DISTINCT) continue;
      found.push({ pattern: trimmed(hex), constant: constant.length });
    }
  }
  return found.sort((a, b) => b.constant - a.constant).map(({ pattern }) => ({ pattern }));
}

/** A pattern begins and ends with a byte that it names. */
function trimmed(hex: string): string {
  let [start, end] = [0, hex.length];
  while (hex.startsWith("??", start)) start += 2;
  while (hex.startsWith("??", end - 2)) end -= 2;
  return hex.slice(start, end);
}
