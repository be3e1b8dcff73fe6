import type { Span } from "../infection/hunk.ts";
import type { Self } from "./self.ts";

/** Bytes around a place by which it is told whose code they are: functions of one library stand together. */
const AROUND = 256;

/** Where in these bytes code of libraries, compilers, runtimes or packers stands, as far as stretches of 256 bytes tell. */
export function labelledSpans(bytes: Uint8Array, self: Pick<Self, "labelOf">): Span[] {
  const spans: Span[] = [];
  if (self.labelOf === undefined) return spans;
  for (let start = 0; start + AROUND <= bytes.length; start += AROUND / 2) {
    const end = start + AROUND;
    if (self.labelOf(bytes.subarray(start, end)) !== null) spans.push({ start, end });
  }
  return spans;
}

/** Whether a place lies in such code. */
export function isLabelled(bytes: Uint8Array, at: number, self: Pick<Self, "labelOf">): boolean {
  const from = Math.max(0, Math.min(bytes.length - AROUND, at - AROUND / 2));
  return (self.labelOf?.(bytes.subarray(from, from + AROUND)) ?? null) !== null;
}
