import type { ScriptPattern } from "@thymus/contracts";
import type { InfectedPair } from "../../infection/analysis.ts";
import { view } from "../../infection/bytes.ts";
import { hunkKind } from "../../infection/hunk.ts";

/** What was added to one script, as whole lines. */
export interface Body {
  readonly pair: InfectedPair;
  readonly start: number;
  readonly text: string;
  /** Up to 8 bytes of the host before it. */
  readonly behind: Uint8Array;
  /** Whether the file ends with it. */
  readonly last: boolean;
}

const MAX_BODY = 1 << 15;
const BEHIND = 8;

/**
 * The body of each pair that was only added to, in one place. What was added may be read with its borders slid to where the same
 * bytes stand on both sides: `line` begins it at a line, `break` with the line break before it.
 */
export function bodiesOf(pairs: readonly InfectedPair[], mode: ScriptPattern["start"]): Body[] {
  return pairs.flatMap((pair) => {
    const [hunk, ...more] = pair.hunks;
    if (hunk === undefined || more.length > 0 || hunkKind(hunk) !== "insert") return [];
    const { after } = pair.specimen;
    const length = hunk.afterEnd - hunk.afterStart;
    if (length > MAX_BODY) return [];
    const fits = (start: number) =>
      mode === "line" ? start === 0 || after[start - 1] === 0x0a : after[start] === 0x0a;
    const start = slides(after, hunk.afterStart, length).find(fits);
    if (start === undefined) return [];
    const text = view(after).toString("latin1", start, start + length);
    const behind = after.subarray(Math.max(0, start - BEHIND), start);
    return [{ pair, start, text, behind, last: start + length === after.length }];
  });
}

const MAX_SLIDES = 512;

/** Where a run of `length` bytes may have been put in to give the same file; the nearest first. */
function slides(after: Uint8Array, start: number, length: number): number[] {
  const found = [start];
  for (let at = start; at > 0 && after[at - 1] === after[at + length - 1] && start - at < MAX_SLIDES; )
    found.push(--at);
  for (
    let at = start;
    after[at] === after[at + length] && at + length < after.length && at - start < MAX_SLIDES;
  )
    found.push(++at);
  return found.sort((a, b) => Math.abs(a - start) - Math.abs(b - start));
}
