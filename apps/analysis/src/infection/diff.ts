import { chain, commonBlocks } from "./blocks.ts";
import { commonBackward, commonForward } from "./bytes.ts";
import { type Hunk, hunkKind } from "./hunk.ts";

/** Equal runs shorter than this inside a changed place are chance, not host. */
const MERGE_GAP = 16;
/** A hunk costs as much as this many lost host bytes when edit scripts are compared. */
const HUNK_COST = 12;
const GOOD_ENOUGH = 0.05;
/** A body that took the place of a table, which moved behind it, costs more than this when it is read as a change in place. */
const MAX_ENOUGH = 512;

/**
 * An exact edit script from `before` to `after`: the cheapest of a few honest readings (changed in place, grown at the end, grown at
 * the front, one changed middle, common blocks in order). Milliseconds for a few MB, since most files differ in few places.
 */
export function diffBytes(before: Uint8Array, after: Uint8Array): Hunk[] {
  const shared = Math.min(before.length, after.length);
  const readings = [
    middle(before, after),
    inPlace(before, 0, after, 0, shared),
    inPlace(before, before.length - shared, after, after.length - shared, shared),
  ].filter((hunks) => hunks !== null);
  const best = readings.reduce((a, b) => (cost(b) < cost(a) ? b : a));
  const enough = Math.max(3 * HUNK_COST, Math.min(before.length * GOOD_ENOUGH, MAX_ENOUGH));
  if (cost(best) <= enough) return mergePatches(best);
  const blocks = byBlocks(before, after);
  return mergePatches(cost(blocks) < cost(best) ? blocks : best);
}

/** Long patches with a short equal run between them are one: body and host agree there by chance (zeros, padding). */
function mergePatches(hunks: readonly Hunk[]): Hunk[] {
  const result: Hunk[] = [];
  for (const hunk of hunks) {
    const last = result.at(-1);
    const gap = last === undefined ? 0 : hunk.afterStart - last.afterEnd;
    const sizes = last === undefined ? 0 : last.afterEnd - last.afterStart + hunk.afterEnd - hunk.afterStart;
    if (last !== undefined && hunkKind(last) === "patch" && hunkKind(hunk) === "patch" && gap * 4 <= sizes) {
      result[result.length - 1] = { ...last, beforeEnd: hunk.beforeEnd, afterEnd: hunk.afterEnd };
    } else result.push(hunk);
  }
  return result;
}

/** Host bytes that the script does not find again, and a price for every place. */
export function cost(hunks: readonly Hunk[]): number {
  return hunks.reduce((sum, hunk) => sum + hunk.beforeEnd - hunk.beforeStart + HUNK_COST, 0);
}

function middle(before: Uint8Array, after: Uint8Array): Hunk[] {
  const shared = Math.min(before.length, after.length);
  const prefix = commonForward(before, 0, after, 0, shared);
  const suffix = commonBackward(before, before.length, after, after.length, shared - prefix);
  return asHunks([
    {
      beforeStart: prefix,
      beforeEnd: before.length - suffix,
      afterStart: prefix,
      afterEnd: after.length - suffix,
    },
  ]);
}

/** `length` bytes side by side; whatever lies outside of them was added or removed. Null where too much differs. */
function inPlace(
  before: Uint8Array,
  beforeAt: number,
  after: Uint8Array,
  afterAt: number,
  length: number,
): Hunk[] | null {
  const hunks: Hunk[] = [];
  if (beforeAt + afterAt > 0) {
    hunks.push({ beforeStart: 0, beforeEnd: beforeAt, afterStart: 0, afterEnd: afterAt });
  }
  for (const { start, end } of differences(before, beforeAt, after, afterAt, length)) {
    hunks.push({
      beforeStart: beforeAt + start,
      beforeEnd: beforeAt + end,
      afterStart: afterAt + start,
      afterEnd: afterAt + end,
    });
    if (hunks.length > 512) return null;
  }
  if (beforeAt + length < before.length || afterAt + length < after.length) {
    hunks.push({
      beforeStart: beforeAt + length,
      beforeEnd: before.length,
      afterStart: afterAt + length,
      afterEnd: after.length,
    });
  }
  return asHunks(hunks);
}

function* differences(
  before: Uint8Array,
  beforeAt: number,
  after: Uint8Array,
  afterAt: number,
  length: number,
): Generator<{ start: number; end: number }> {
  let at = 0;
  while (at < length) {
    at += commonForward(before, beforeAt + at, after, afterAt + at, length - at);
    if (at >= length) return;
    const start = at;
    let end = at + 1;
    for (at = end; at < length && at - end < MERGE_GAP; at++) {
      if (before[beforeAt + at] !== after[afterAt + at]) end = at + 1;
    }
    yield { start, end };
    at = end;
  }
}

function byBlocks(before: Uint8Array, after: Uint8Array): Hunk[] {
  const [whole] = middle(before, after);
  if (whole === undefined) return [];
  const inBefore = { start: whole.beforeStart, end: whole.beforeEnd };
  const inAfter = { start: whole.afterStart, end: whole.afterEnd };
  const size = Math.min(inBefore.end - inBefore.start, inAfter.end - inAfter.start);
  const width = size > 1 << 16 ? 32 : size > 1 << 11 ? 24 : 12;
  const blocks = chain(commonBlocks(before, inBefore, after, inAfter, width, size > 1 << 16 ? width : 4));
  const hunks: Hunk[] = [];
  let beforeAt = inBefore.start;
  let afterAt = inAfter.start;
  for (const block of [...blocks, { before: inBefore.end, after: inAfter.end, length: 0 }]) {
    const gap = {
      beforeStart: beforeAt,
      beforeEnd: block.before,
      afterStart: afterAt,
      afterEnd: block.after,
    };
    const room = gap.beforeEnd - gap.beforeStart;
    if (room > 0 && room === gap.afterEnd - gap.afterStart) {
      hunks.push(...(inPlaceGap(before, after, gap) ?? [gap]));
    } else hunks.push(gap);
    beforeAt = block.before + block.length;
    afterAt = block.after + block.length;
  }
  return asHunks(hunks);
}

function inPlaceGap(before: Uint8Array, after: Uint8Array, gap: Hunk): Hunk[] | null {
  const found: Hunk[] = [];
  const length = gap.beforeEnd - gap.beforeStart;
  for (const { start, end } of differences(before, gap.beforeStart, after, gap.afterStart, length)) {
    found.push({
      beforeStart: gap.beforeStart + start,
      beforeEnd: gap.beforeStart + end,
      afterStart: gap.afterStart + start,
      afterEnd: gap.afterStart + end,
    });
    if (found.length > 512) return null;
  }
  return found;
}

function asHunks(hunks: Hunk[]): Hunk[] {
  return hunks.filter((hunk) => hunk.beforeEnd > hunk.beforeStart || hunk.afterEnd > hunk.afterStart);
}
