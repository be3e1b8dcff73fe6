import { commonBlocks } from "./blocks.ts";
import { view } from "./bytes.ts";

/** A run of bytes that every body of a group has. */
export interface Segment {
  readonly bytes: Uint8Array;
  /** Offset in the reference body (the shortest one of the group). */
  readonly at: number;
}

const MIN_RUN = 8;
const MAX_SEGMENTS = 96;
/** Of a longer body (mostly a host that was encoded) only the beginning and the end are compared. */
const MAX_PART = 1 << 18;

/** The runs (8 bytes or more) which all bodies have in common, in the order of the shortest body. */
export function commonSegments(bodies: readonly (readonly Uint8Array[])[]): Segment[] {
  const size = (body: readonly Uint8Array[]) => body.reduce((sum, part) => sum + part.length, 0);
  const ordered = [...bodies].sort((a, b) => size(a) - size(b));
  let segments: Segment[] = [];
  let at = 0;
  for (const part of ordered[0] ?? []) {
    if (part.length > MAX_PART) {
      const tail = part.length - MAX_PART / 4;
      segments.push(
        { bytes: part.subarray(0, (MAX_PART / 4) * 3), at },
        { bytes: part.subarray(tail), at: at + tail },
      );
    } else if (part.length >= MIN_RUN) segments.push({ bytes: part, at });
    at += part.length;
  }
  for (const body of ordered.slice(1)) {
    if (segments.length === 0) break;
    segments = intersect(segments, body);
  }
  return segments;
}

function intersect(segments: readonly Segment[], body: readonly Uint8Array[]): Segment[] {
  const whole = segments.filter((segment) => body.some((part) => view(part).includes(segment.bytes)));
  const broken = segments.filter((segment) => !whole.includes(segment));
  const pieces = broken.length === 0 ? [] : fragments(broken, body);
  return [...whole, ...pieces]
    .sort((a, b) => b.bytes.length - a.bytes.length)
    .slice(0, MAX_SEGMENTS)
    .sort((a, b) => a.at - b.at);
}

/** Parts of the segments that occur in the body; the longest first where they overlap. */
function fragments(segments: readonly Segment[], body: readonly Uint8Array[]): Segment[] {
  const joined = new Uint8Array(segments.reduce((sum, segment) => sum + segment.bytes.length, 0));
  const starts: { at: number; segment: Segment }[] = [];
  let at = 0;
  for (const segment of segments) {
    joined.set(segment.bytes, at);
    starts.push({ at, segment });
    at += segment.bytes.length;
  }
  const all = { start: 0, end: joined.length };
  const runs = body
    .flatMap((part) => commonBlocks(joined, all, part, { start: 0, end: part.length }, MIN_RUN, 1))
    .map((match) => ({ start: match.before, end: match.before + match.length }))
    .sort((a, b) => b.end - b.start - (a.end - a.start));
  const taken = new Uint8Array(joined.length);
  const pieces: Segment[] = [];
  for (const run of runs) {
    for (const { at: base, segment } of starts) {
      let from = Math.max(run.start, base);
      let to = Math.min(run.end, base + segment.bytes.length);
      while (from < to && taken[from] === 1) from++;
      while (to > from && taken[to - 1] === 1) to--;
      if (to - from < MIN_RUN || taken.subarray(from, to).includes(1)) continue;
      taken.fill(1, from, to);
      pieces.push({ bytes: segment.bytes.subarray(from - base, to - base), at: segment.at + from - base });
    }
  }
  return pieces;
}
