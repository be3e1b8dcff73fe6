import type { Hunk } from "../infection/hunk.ts";
import { hunkKind } from "../infection/hunk.ts";
import type { Case } from "./evidence.ts";

const WORD = 8;

/**
 * What was written into padding may end with a field whose last bytes are the padding's value, in these files: the change then
 * takes whole words from its start, in all of them, so that files with a longer number come back as well.
 */
export function wholeWords(cases: readonly Case[]): Case[] {
  const lists = cases.map((each) => [...each.hunks]);
  for (const h of lists[0]!.keys()) {
    const hunks = lists.map((list) => list[h]!);
    if (hunks.some((hunk) => hunk.region !== undefined || hunkKind(hunk) !== "patch")) continue;
    const longest = Math.max(...hunks.map((hunk) => hunk.afterEnd - hunk.afterStart));
    const length = Math.ceil(longest / WORD) * WORD;
    const value = cases[0]!.before[hunks[0]!.beforeStart];
    const fits = hunks.every((hunk, i) => {
      const { before, after } = cases[i]!;
      const next = lists[i]![h + 1]?.afterStart ?? after.length;
      const clean = before.subarray(hunk.beforeStart, hunk.beforeStart + length);
      const rest = after.subarray(hunk.afterEnd, hunk.afterStart + length);
      return (
        hunk.afterStart + length <= next &&
        clean.length === length &&
        [...clean, ...rest].every((byte) => byte === value)
      );
    });
    if (!fits) continue;
    for (const [i, hunk] of hunks.entries()) lists[i]![h] = widened(hunk, length);
  }
  return cases.map((each, i) => ({ ...each, hunks: lists[i]! }));
}

function widened(hunk: Hunk, length: number): Hunk {
  return { ...hunk, beforeEnd: hunk.beforeStart + length, afterEnd: hunk.afterStart + length };
}
