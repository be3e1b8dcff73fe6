import { commonBackward, commonForward } from "./bytes.ts";
import type { Span } from "./hunk.ts";

/** `before[before, before + length)` is equal to `after[after, after + length)`. */
export interface Match {
  readonly before: number;
  readonly after: number;
  readonly length: number;
}

const BASE = 0x01000193;
const FILTER_BITS = 18;
const MAX_SAME = 8;

/**
 * Maximal common blocks of at least about 2 * width - 1 bytes: `before` is indexed in steps of `step` bytes by a rolling hash
 * (Rabin-Karp), `after` is scanned at every offset.
 */
export function commonBlocks(
  before: Uint8Array,
  inBefore: Span,
  after: Uint8Array,
  inAfter: Span,
  width: number,
  step: number,
): Match[] {
  if (inBefore.end - inBefore.start < width || inAfter.end - inAfter.start < width) return [];
  const index = new Map<number, number[]>();
  const filter = new Uint8Array(1 << FILTER_BITS);
  for (let at = inBefore.start; at + width <= inBefore.end; at += step) {
    const hash = hashAt(before, at, width);
    filter[hash >>> (32 - FILTER_BITS)] = 1;
    const same = index.get(hash);
    if (same === undefined) index.set(hash, [at]);
    else if (same.length < MAX_SAME) same.push(at);
  }
  let top = 1;
  for (let i = 1; i < width; i++) top = Math.imul(top, BASE);
  const matches: Match[] = [];
  let at = inAfter.start;
  let hash = hashAt(after, at, width);
  while (at + width <= inAfter.end) {
    if (filter[hash >>> (32 - FILTER_BITS)] === 1) {
      const best = longest(index.get(hash), before, inBefore, after, inAfter, at, width);
      if (best !== null) {
        matches.push(best);
        at = best.after + best.length;
        if (at + width > inAfter.end) break;
        hash = hashAt(after, at, width);
        continue;
      }
    }
    if (at + width >= inAfter.end) break;
    hash = (Math.imul(hash - Math.imul(after[at]! + 1, top), BASE) + after[at + width]! + 1) >>> 0;
    at++;
  }
  return matches;
}

function longest(
  places: readonly number[] | undefined,
  before: Uint8Array,
  inBefore: Span,
  after: Uint8Array,
  inAfter: Span,
  at: number,
  width: number,
): Match | null {
  let best: Match | null = null;
  for (const place of places ?? []) {
    const room = Math.min(inBefore.end - place, inAfter.end - at);
    const forward = commonForward(before, place, after, at, room);
    if (forward < width) continue;
    const back = commonBackward(
      before,
      place,
      after,
      at,
      Math.min(place - inBefore.start, at - inAfter.start),
    );
    if (best === null || forward + back > best.length) {
      best = { before: place - back, after: at - back, length: forward + back };
    }
  }
  return best;
}

function hashAt(bytes: Uint8Array, at: number, width: number): number {
  let hash = 0;
  for (let i = at; i < at + width; i++) hash = Math.imul(hash, BASE) + bytes[i]! + 1;
  return hash >>> 0;
}

const MAX_CHAIN = 1500;

/** The heaviest chain of matches that rises in both files, cut where neighbours overlap. */
export function chain(matches: readonly Match[]): Match[] {
  const kept = [...matches]
    .sort((a, b) => b.length - a.length)
    .slice(0, MAX_CHAIN)
    .sort((a, b) => a.after - b.after || a.before - b.before);
  const weight = new Float64Array(kept.length);
  const from = new Int32Array(kept.length).fill(-1);
  let last = -1;
  for (const [i, match] of kept.entries()) {
    weight[i] = match.length;
    for (let j = 0; j < i; j++) {
      const earlier = kept[j]!;
      const overlap = overlapOf(earlier, match);
      if (earlier.before >= match.before || earlier.after >= match.after || overlap >= match.length) continue;
      const total = weight[j]! + match.length - overlap;
      if (total > weight[i]!) {
        weight[i] = total;
        from[i] = j;
      }
    }
    if (last < 0 || weight[i]! > weight[last]!) last = i;
  }
  const path: Match[] = [];
  for (let i = last; i >= 0; i = from[i]!) path.push(kept[i]!);
  path.reverse();
  return path.map((match, i) => {
    const overlap = i === 0 ? 0 : overlapOf(path[i - 1]!, match);
    return { before: match.before + overlap, after: match.after + overlap, length: match.length - overlap };
  });
}

function overlapOf(earlier: Match, later: Match): number {
  return Math.max(
    0,
    earlier.before + earlier.length - later.before,
    earlier.after + earlier.length - later.after,
  );
}
