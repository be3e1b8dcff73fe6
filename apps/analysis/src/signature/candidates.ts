import type { InfectedPair } from "../infection/analysis.ts";
import { occurrences, view } from "../infection/bytes.ts";
import type { Segment } from "../infection/invariant.ts";
import { provenAbsent } from "./absence.ts";
import type { Candidate } from "./candidate.ts";
import { instrumentation, touches } from "./instrumentation.ts";
import { labelledSpans } from "./labelled.ts";
import type { Self } from "./self.ts";
import { warnedSpans } from "./warned.ts";

/**
 * A string this unlikely in goodware stands alone. Kephart and Arnold found no false positive at ln p <= -68 with their model;
 * self is scanned exactly in any case.
 */
export const STRONG = -68;
/** A weaker string serves only together with others, all of which must be there. */
export const WEAK = -24;

const BINARY_LENGTHS = [16, 24, 36, 48];
const TEXT_LENGTHS = [24, 36, 48, 64];
const MIN_LENGTH = 12;
const MAX_STARTS = 6000;
const MAX_GAP = 8;
const MAX_JOINED = 64;
/** A run this long can spare a byte at each end. */
const ROOMY = 24;

/** Every run of the segments that may stand in a rule, unlikely ones first. Host bytes are sorted out later, by search. */
export function candidatesOf(
  segments: readonly Segment[],
  pairs: readonly InfectedPair[],
  self: Self,
): Candidate[] {
  const total = segments.reduce((sum, segment) => sum + segment.bytes.length, 0);
  const stride = Math.max(1, Math.ceil(total / MAX_STARTS));
  const forbidden = forbiddenTest(pairs);
  const found: Candidate[] = [];
  for (const segment of segments.map(withoutBorders)) {
    const shared = [...warnedSpans(segment.bytes, self), ...labelledSpans(segment.bytes, self)];
    for (let start = 0; start + MIN_LENGTH <= segment.bytes.length; start += stride) {
      const candidate = bestAt(segment, start, self);
      if (candidate !== null && touches(shared, start, start + candidate.length)) continue;
      if (candidate !== null && !forbidden(Buffer.from(candidate.hex, "hex"))) found.push(candidate);
    }
  }
  if (found.filter((each) => each.logProbability <= STRONG).length < 2) {
    found.push(...joined(segments, pairs, self, forbidden));
  }
  return found.sort((a, b) => a.logProbability - b.logProbability);
}

/**
 * What stands at the borders of a constant part may be the same by chance: blanks and marks around a word of a script, a byte of
 * what varies next to it.
 */
function withoutBorders(segment: Segment): Segment {
  const { bytes, at } = segment;
  let [from, to] = [0, bytes.length];
  if (isText(bytes)) {
    while (from < to && !isWordByte(bytes[from]!)) from++;
    while (from < to && !isWordByte(bytes[to - 1]!)) to--;
  } else if (to >= ROOMY) [from, to] = [1, to - 1];
  return from === 0 && to === bytes.length ? segment : { bytes: bytes.subarray(from, to), at: at + from };
}

const isWordByte = (byte: number) =>
  (byte >= 0x30 && byte <= 0x39) ||
  (byte >= 0x41 && byte <= 0x5a) ||
  (byte >= 0x61 && byte <= 0x7a) ||
  byte === 0x5f;

/**
 * The shortest usual length at this place that is unlikely enough and that the index of self knows to be absent; else the shortest
 * that is unlikely enough, else the longest that fits.
 */
function bestAt(segment: Segment, start: number, self: Self): Candidate | null {
  const room = segment.bytes.length - start;
  const lengths = isText(segment.bytes.subarray(start, start + MIN_LENGTH)) ? TEXT_LENGTHS : BINARY_LENGTHS;
  const fitting = lengths.filter((length) => length <= room);
  if (fitting.length < lengths.length && start === 0) fitting.push(room);
  let best: Candidate | null = null;
  for (const length of fitting) {
    const bytes = segment.bytes.subarray(start, start + length);
    if (isPlain(bytes)) continue;
    const logProbability = self.logProbability(bytes);
    if (logProbability > WEAK) continue;
    const found = { hex: view(bytes).toString("hex"), at: segment.at + start, length, logProbability };
    if (best === null || best.logProbability > STRONG) best = found;
    if (logProbability > STRONG) continue;
    if (self.absent === undefined) break;
    if (provenAbsent({ bytes }, self)) return found;
  }
  return best;
}

/** Little variety: padding, tables, drawn lines; filler at a border varies with the host. */
function isPlain(bytes: Uint8Array): boolean {
  const last = bytes.length - 1;
  if (bytes[0] === bytes[1] && bytes[1] === bytes[2]) return true;
  if (bytes[last] === bytes[last - 1] && bytes[last] === bytes[last - 2]) return true;
  const counts = new Map<number, number>();
  for (const byte of bytes) counts.set(byte, (counts.get(byte) ?? 0) + 1);
  return counts.size < Math.min(9, bytes.length * 0.5) || Math.max(...counts.values()) > bytes.length * 0.4;
}

export function isText(bytes: Uint8Array): boolean {
  return bytes.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x09);
}

/** Whether a run lies on the exercise's own texts, judged where it stands in an infected file. */
function forbiddenTest(pairs: readonly InfectedPair[]): (run: Uint8Array) => boolean {
  const { after } = pairs[0]!.specimen;
  const spans = instrumentation(after);
  if (spans.length === 0) return () => false;
  return (run) => occurrences(after, run, 16).some((at) => touches(spans, at, at + run.length));
}

/** Neighbouring segments with the same few varying bytes between them in every body: one string with wild cards. */
function joined(
  segments: readonly Segment[],
  pairs: readonly InfectedPair[],
  self: Self,
  forbidden: (run: Uint8Array) => boolean,
): Candidate[] {
  const found: Candidate[] = [];
  for (const [i, first] of segments.entries()) {
    let hex = view(first.bytes.subarray(-MAX_JOINED / 2)).toString("hex");
    const at = first.at + Math.max(0, first.bytes.length - MAX_JOINED / 2);
    let logProbability = self.logProbability(first.bytes.subarray(-MAX_JOINED / 2));
    let last = first;
    let plain = first.bytes;
    for (const next of segments.slice(i + 1, i + 4)) {
      const gap = next.at - last.at - last.bytes.length;
      if (gap < 1 || gap > MAX_GAP || !sameGap(last, next, gap, pairs)) break;
      const part = next.bytes.subarray(0, MAX_JOINED / 2);
      hex += "??".repeat(gap) + view(part).toString("hex");
      logProbability += self.logProbability(part);
      plain = Buffer.concat([plain, part]);
      if (hex.length > 2 * MAX_JOINED || forbidden(last.bytes) || forbidden(part)) break;
      if (warnedSpans(plain, self).length > 0 || labelledSpans(plain, self).length > 0) break;
      if (!isPlain(plain) && logProbability <= WEAK)
        found.push({ hex, at, length: hex.length / 2, logProbability });
      last = next;
    }
  }
  return found;
}

function sameGap(a: Segment, b: Segment, gap: number, pairs: readonly InfectedPair[]): boolean {
  const tail = a.bytes.subarray(-16);
  return pairs.every(({ specimen: { after } }) =>
    occurrences(after, tail, 8).some((at) => {
      const from = at + tail.length + gap;
      return view(after)
        .subarray(from, from + b.bytes.length)
        .equals(b.bytes);
    }),
  );
}
