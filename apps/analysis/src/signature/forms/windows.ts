import type { Segment } from "../../infection/invariant.ts";
import { provenAbsent } from "../absence.ts";
import { STRONG } from "../candidates.ts";
import type { Clause, ClauseString } from "../clause.ts";
import type { Self } from "../self.ts";

/** Strings that a clause of redundant strings holds, and how many of them a file must. */
const MOST = 3;
const LENGTHS = [16, 20, 24, 32, 40];
const STRIDE = 4;
const MAX_WINDOWS = 200;

export interface Window {
  readonly at: number;
  readonly length: number;
  readonly string: ClauseString;
  /** Told absent by the index of self. */
  readonly proven: boolean;
}

/**
 * Windows of constant runs, each as short as it may be to be unlikely enough, and so long that the index of self knows it to be
 * absent where that is possible; null from `judge` where a window is no good.
 */
export function windowsOf(
  segments: readonly Segment[],
  judge: (bytes: Uint8Array, at: number) => ClauseString | null,
  self: Self,
  most = MAX_WINDOWS,
): Window[] {
  const total = segments.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const stride = Math.max(STRIDE, Math.ceil(total / most));
  const found: Window[] = [];
  for (const { bytes, at } of segments) {
    for (let start = 0; start + LENGTHS[0]! <= bytes.length; start += stride) {
      let best: Window | null = null;
      for (const length of LENGTHS) {
        if (start + length > bytes.length || best?.proven === true) break;
        const string = judge(bytes.subarray(start, start + length), at + start);
        if (string === null || string.logProbability > STRONG) continue;
        const proven = provenAbsent(string, self);
        if (best === null || proven) best = { at: at + start, length, string, proven };
        if (self.absent === undefined || string.runs === undefined) break;
      }
      if (best !== null) found.push(best);
    }
  }
  return found.sort(
    (a, b) => Number(b.proven) - Number(a.proven) || a.string.logProbability - b.string.logProbability,
  );
}

/** Clauses of up to three windows that lie apart, two of which must be there; several, should goodware hold some. */
export function clausesOfWindows(form: string, windows: readonly Window[]): Clause[] {
  const clauses: Clause[] = [];
  let left = [...windows];
  while (left.length > 0 && clauses.length < 8) {
    const apart: Window[] = [];
    for (const window of left) {
      if (apart.length >= MOST) break;
      if (
        !apart.some((other) => window.at < other.at + other.length && other.at < window.at + window.length)
      ) {
        apart.push(window);
      }
    }
    clauses.push(
      redundant(
        form,
        apart.map(({ string }) => string),
      ),
    );
    left = left.filter((window) => !apart.includes(window));
  }
  return clauses;
}

/** Of three strings one may be missing. */
export function redundant(form: string, strings: readonly ClauseString[]): Clause {
  const needed = Math.max(1, Math.min(2, strings.length - (strings.length > 2 ? 1 : 0)));
  const ordered = strings.map(({ logProbability }) => logProbability).sort((a, b) => b - a);
  const logProbability = ordered.slice(0, needed).reduce((sum, each) => sum + each, 0);
  return { form, strings, needed, condition: null, logProbability };
}
