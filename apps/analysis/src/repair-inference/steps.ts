import type { PositionExpr, RepairStep } from "@thymus/contracts";
import { hunkKind } from "../infection/hunk.ts";
import { allEqual, type Base, baseOf, type Evidence } from "./evidence.ts";
import { keptNumber } from "./numbers.ts";
import { findPosition, linePosition } from "./positions.ts";
import { findLength, findSource } from "./sources.ts";
import { solveStructure } from "./structures.ts";

/** One changed place over all cases: offsets in the clean and in the infected files. */
export interface Place {
  readonly beforeStart: number[];
  readonly beforeEnd: number[];
  readonly afterStart: number[];
  readonly afterEnd: number[];
}

/** Steps that undo the h-th changed place of every case, or why there are none. */
export function solvePlace(evidence: Evidence, h: number): RepairStep[] | string {
  const hunks = evidence.cases.map((each) => each.hunks[h]!);
  const region = hunks[0]!.region;
  if (hunks.some((hunk) => hunk.region !== region))
    return "the hosts were changed in different header structures";
  const raw: Place = {
    beforeStart: hunks.map((hunk) => hunk.beforeStart),
    beforeEnd: hunks.map((hunk) => hunk.beforeEnd),
    afterStart: hunks.map((hunk) => hunk.afterStart),
    afterEnd: hunks.map((hunk) => hunk.afterEnd),
  };
  if (region !== undefined) return solveStructure(evidence, raw, region);
  let why = "";
  for (const place of widened(evidence, raw, h)) {
    const steps = solveSpan(evidence, place);
    if (typeof steps !== "string") return steps;
    why ||= steps;
  }
  const patch = hunks.every((hunk) => hunkKind(hunk) === "patch");
  return (patch ? solveWords(evidence, raw, h) : null) ?? why;
}

function solveSpan(evidence: Evidence, place: Place): RepairStep[] | string {
  const { cases } = evidence;
  const lengths = place.afterEnd.map((end, i) => end - place.afterStart[i]!);
  const clean = cases.map((each, i) => each.before.subarray(place.beforeStart[i]!, place.beforeEnd[i]!));
  // What was only added travels with the anchor inside it, wherever the next host has it.
  const added = clean.every((bytes) => bytes.length === 0);
  // A size that the infection kept says more than that it grew all these files alike, which their alignment may have done.
  const atEnd = place.afterEnd.every((end, i) => end === cases[i]!.after.length);
  const size = added && atEnd ? keptNumber(evidence, place.afterStart) : null;
  if (size !== null) return [{ op: "truncate", at: { from: "start", plus: size } }];
  const tied = added ? tiedPosition(evidence, place) : null;
  const at = tied ?? findPosition(evidence, place.afterStart);
  if (at === null) return "no rule tells where the inserted code begins";
  const steps: RepairStep[] = [];
  const same = clean.every((bytes, i) => bytes.length === lengths[i]);
  if (!same) {
    const toEnd = (tied === null || !allEqual(lengths)) && atEnd;
    const length = toEnd ? 0 : findLength(evidence, place.afterStart, lengths, at, "before");
    if (length === null) return "no rule tells where the inserted code ends";
    if (toEnd) steps.push({ op: "truncate", at });
    else if (length !== 0) steps.push({ op: "cut", at, length });
  }
  if (clean.every((bytes) => bytes.length === 0)) return steps;
  const from = findSource(evidence, clean, place.afterStart);
  if (from === null) return "bytes of the host were overwritten and are nowhere in the infected file";
  steps.push({ op: same ? "put" : "insert", at, from });
  return steps;
}

/** A fixed distance from the anchor or its line, where the anchor stands inside what was added. */
function tiedPosition(evidence: Evidence, place: Place): PositionExpr | null {
  const { cases } = evidence;
  const inside = cases.every(
    ({ anchor }, i) => place.afterStart[i]! <= anchor && anchor < place.afterEnd[i]!,
  );
  const distances = cases.map(({ anchor }, i) => place.afterStart[i]! - anchor);
  if (!inside) return null;
  if (allEqual(distances)) {
    // Always first: elsewhere it may be the program that spreads it, of which the body is a part.
    if (place.afterStart.every((start) => start === 0)) return null;
    return { from: "anchor", plus: distances[0]! };
  }
  return linePosition(evidence, place.afterStart);
}

/**
 * The same change with more of its equal surroundings: where changed bytes happen to equal the clean ones, the places of the cases
 * differ by chance, and only a common frame shows the rule. The change as it was found comes first.
 */
function* widened(evidence: Evidence, raw: Place, h: number): Generator<Place> {
  yield raw;
  const { cases } = evidence;
  const previous = cases.map((each) => each.hunks[h - 1]?.afterEnd ?? 0);
  const next = cases.map((each) => each.hunks[h + 1]?.afterStart ?? each.after.length);
  if (cases.every((_, i) => raw.beforeStart[i] === raw.beforeEnd[i])) return;
  const starts = frames(evidence, raw.afterStart, "low");
  const ends = frames(evidence, raw.afterEnd, "high");
  for (const start of starts) {
    for (const end of ends) {
      if (start === raw.afterStart && end === raw.afterEnd) continue;
      if (start.some((value, i) => value < previous[i]!) || end.some((value, i) => value > next[i]!))
        continue;
      yield {
        afterStart: start,
        afterEnd: end,
        beforeStart: raw.beforeStart.map((value, i) => value - raw.afterStart[i]! + start[i]!),
        beforeEnd: raw.beforeEnd.map((value, i) => value - raw.afterEnd[i]! + end[i]!),
      };
    }
  }
}

/** Frames of a border: as found, and the outermost one measured from each base; the nearest first. */
function frames(evidence: Evidence, border: number[], side: "low" | "high"): number[][] {
  const result = [border];
  for (const from of ["anchor", "start", "end"] as const satisfies Base[]) {
    const distances = border.map((value, i) => value - baseOf(evidence.cases[i]!, from));
    if (allEqual(distances)) continue;
    const outer = side === "low" ? Math.min(...distances) : Math.max(...distances);
    const framed = border.map((_, i) => outer + baseOf(evidence.cases[i]!, from));
    if (framed.every((value, i) => value >= 0 && value <= evidence.cases[i]!.after.length))
      result.push(framed);
  }
  const zero = side === "low" ? border.map(() => 0) : evidence.cases.map((each) => each.after.length);
  result.push(zero);
  const reach = (frame: number[]) => frame.reduce((sum, value, i) => sum + Math.abs(value - border[i]!), 0);
  return result.sort((a, b) => reach(a) - reach(b));
}

const MAX_WORDS_SPAN = 64;

/** A small patch outside of any known structure, word by word in the frame of a base. */
function solveWords(evidence: Evidence, raw: Place, h: number): RepairStep[] | null {
  for (const place of [raw, ...widened(evidence, raw, h)]) {
    const lengths = place.afterEnd.map((end, i) => end - place.afterStart[i]!);
    if (!allEqual(lengths) || lengths[0]! > MAX_WORDS_SPAN) continue;
    for (const width of [8, 4, 2]) {
      const steps = words(evidence, place, lengths[0]!, width);
      if (steps !== null) return steps;
    }
  }
  return null;
}

function words(evidence: Evidence, place: Place, length: number, width: number): RepairStep[] | null {
  const steps: RepairStep[] = [];
  const next = evidence.cases.map((each) => each.after.length);
  for (let offset = 0; offset < length; offset += width) {
    const places = place.afterStart.map((start) => start + offset);
    if (places.some((start, i) => start + width > next[i]!)) return null;
    const clean = evidence.cases.map((each, i) => {
      const start = place.beforeStart[i]! + offset;
      return each.before.subarray(start, start + width);
    });
    const at = findPosition(evidence, places);
    const from = findSource(evidence, clean, places);
    if (at === null || from === null) return null;
    steps.push({ op: "put", at, from });
  }
  return steps;
}
