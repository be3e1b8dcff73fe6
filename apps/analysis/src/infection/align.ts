import { type Hunk, hunkKind } from "./hunk.ts";

/** What alignment needs of a pair; `hunks` is replaced by the aligned ones. */
export interface Alignable {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  readonly hunks: readonly Hunk[];
}

const KEY = 8;
const MAX_SLIDES = 512;

/**
 * The place of an insertion is ambiguous where the neighbouring bytes repeat: `ab|ab` may have gained either `ab`. All pairs of a
 * group choose together: the front of the file if every pair can, else its end, else the slide whose first and last bytes most
 * pairs share, so that the inserted bodies become equal.
 */
export function alignGroup(pairs: readonly Alignable[]): Hunk[][] {
  const result = pairs.map((pair) => [...pair.hunks]);
  const count = Math.min(...result.map((hunks) => hunks.length));
  for (let h = 0; h < count; h++) {
    if (result.every((hunks) => hunks.length === count && hunkKind(hunks[h]!) === "insert"))
      alignHunk(pairs, result, h);
  }
  return result;
}

function alignHunk(pairs: readonly Alignable[], result: Hunk[][], h: number): void {
  const ranges = pairs.map((pair, i) => slideRange(pair, result[i]!, h));
  const choose = (slide: (i: number) => number) => {
    for (const [i, hunks] of result.entries()) hunks[h] = shifted(hunks[h]!, slide(i));
  };
  if (ranges.every((range, i) => result[i]![h]!.afterStart - range.left === 0)) {
    choose((i) => -ranges[i]!.left);
    return;
  }
  if (ranges.every((range, i) => result[i]![h]!.afterEnd + range.right === pairs[i]!.after.length)) {
    choose((i) => ranges[i]!.right);
    return;
  }
  const votes = new Map<string, number>();
  const slides = pairs.map((pair, i) => {
    const range = ranges[i]!;
    const all = [];
    for (let by = range.right; by >= -range.left && all.length < MAX_SLIDES; by--) {
      const hunk = shifted(result[i]![h]!, by);
      const head = `h${text(pair.after, hunk.afterStart, Math.min(hunk.afterStart + KEY, hunk.afterEnd))}`;
      const tail = `t${text(pair.after, Math.max(hunk.afterEnd - KEY, hunk.afterStart), hunk.afterEnd)}`;
      const lineStart = hunk.afterStart === 0 || pair.after[hunk.afterStart - 1] === 0x0a;
      all.push({ by, head, tail, lineStart });
    }
    for (const key of new Set(all.flatMap(({ head, tail }) => [head, tail]))) {
      votes.set(key, (votes.get(key) ?? 0) + 1);
    }
    return all;
  });
  choose((i) => {
    let best = slides[i]![0]!;
    let bestScore = -1;
    for (const slide of slides[i]!) {
      const score = votes.get(slide.head)! + votes.get(slide.tail)! + (slide.lineStart ? 0.5 : 0);
      if (score > bestScore) [best, bestScore] = [slide, score];
    }
    return best.by;
  });
}

function slideRange(pair: Alignable, hunks: readonly Hunk[], h: number): { left: number; right: number } {
  const { after } = pair;
  const { afterStart, afterEnd } = hunks[h]!;
  const low = hunks[h - 1]?.afterEnd ?? 0;
  const high = hunks[h + 1]?.afterStart ?? after.length;
  let left = 0;
  while (afterStart - left > low && after[afterStart - left - 1] === after[afterEnd - left - 1]) left++;
  let right = 0;
  while (afterEnd + right < high && after[afterStart + right] === after[afterEnd + right]) right++;
  return { left, right };
}

function shifted(hunk: Hunk, by: number): Hunk {
  return {
    ...hunk,
    beforeStart: hunk.beforeStart + by,
    beforeEnd: hunk.beforeEnd + by,
    afterStart: hunk.afterStart + by,
    afterEnd: hunk.afterEnd + by,
  };
}

function text(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.subarray(start, end)).toString("latin1");
}
