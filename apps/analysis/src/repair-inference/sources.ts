import type { ByteSource, NumberExpr, PositionExpr } from "@thymus/contracts";
import { view } from "../infection/bytes.ts";
import { findSaved, type Saved } from "../infection/saved.ts";
import { isElf } from "../infection/specimen.ts";
import { decodingsOf } from "./decodings.ts";
import { allEqual, baseOf, type Case, type Evidence } from "./evidence.ts";
import { masked } from "./masked.ts";
import { findNumber, integerOf } from "./numbers.ts";
import { constantPosition, findPosition, type Side } from "./positions.ts";

const MAX_LITERAL = 4096;

/** Where the clean bytes of one changed place (given per case, with its offset in the infected file) come from, or null. */
export function findSource(
  evidence: Evidence,
  clean: readonly Uint8Array[],
  places: readonly number[],
): ByteSource | null {
  return (
    literal(clean) ??
    filled(evidence, clean, places) ??
    copied(evidence, clean) ??
    computed(evidence, clean, places) ??
    masked(evidence, clean)
  );
}

function literal(clean: readonly Uint8Array[]): ByteSource | null {
  const first = view(clean[0]!);
  if (first.length > MAX_LITERAL || clean.some((bytes) => !first.equals(bytes))) return null;
  return { bytes: first.toString("hex") };
}

/** Padding of a length that varies. */
function filled(
  evidence: Evidence,
  clean: readonly Uint8Array[],
  places: readonly number[],
): ByteSource | null {
  const value = clean[0]![0];
  if (value === undefined || clean.some((bytes) => bytes.some((byte) => byte !== value))) return null;
  const length = findLength(
    evidence,
    places,
    clean.map((bytes) => bytes.length),
    null,
    "after",
  );
  return length === null ? null : { fill: value.toString(16).padStart(2, "0"), length };
}

/** A copy that lies in one of the changed places, plain or encoded. */
function copied(evidence: Evidence, clean: readonly Uint8Array[]): ByteSource | null {
  if (clean.some((bytes) => bytes.length < 2)) return null;
  const saved: Saved[][] = [];
  for (const [i, each] of evidence.cases.entries()) {
    const spans = each.hunks.map((hunk) => ({ start: hunk.afterStart, end: hunk.afterEnd }));
    const found = findSaved(clean[i]!, each.after, spans, evidence.memory);
    if (found.length === 0) return null;
    saved.push(found);
  }
  const encodings = new Set(saved.flatMap((list) => list.map(({ encoding }) => encoding)));
  for (const encoding of encodings) {
    const lists = saved.map((list) => list.filter((place) => place.encoding === encoding));
    if (lists.some((list) => list.length === 0)) continue;
    const tried = new Set<string>();
    for (const choice of choices(evidence, lists)) {
      const key = choice.map((place) => place.at).join();
      if (tried.has(key)) continue;
      tried.add(key);
      const source = copySource(evidence, choice);
      if (source !== null) return source;
    }
  }
  return null;
}

/** Consistent picks of one place a case: at one distance from a base, else the first of each, else the last. */
function* choices(evidence: Evidence, lists: readonly Saved[][]): Generator<Saved[]> {
  for (const from of ["anchor", "start", "end"] as const) {
    for (const candidate of lists[0]!) {
      const distance = candidate.at - baseOf(evidence.cases[0]!, from);
      const picks = lists.map((list, i) =>
        list.find((place) => place.at - baseOf(evidence.cases[i]!, from) === distance),
      );
      if (picks.every((pick) => pick !== undefined)) yield picks;
    }
  }
  yield lists.map((list) => list[0]!);
  if (lists.some((list) => list.length > 1)) yield lists.map((list) => list.at(-1)!);
}

function copySource(evidence: Evidence, places: readonly Saved[]): ByteSource | null {
  const starts = places.map((place) => place.at);
  const copy = findPosition(evidence, starts, "before");
  if (copy === null) return null;
  const { encoding } = places[0]!;
  const asFound = places.map((place) => place.length);
  const lengthOf = (lengths: readonly number[]) => findLength(evidence, starts, lengths, copy, "after");
  const text = encoding === "base64" || encoding === "hex";
  const withSpace = text
    ? places.map((place, i) => place.length + spaceAfter(evidence.cases[i]!, place))
    : asFound;
  // Where a last line of text is full, a line break follows that other files lack; decoding skips it.
  const simple = constantPosition(
    evidence,
    withSpace.map((size, i) => starts[i]! + size),
  );
  const length = simple !== null ? lengthOf(withSpace) : lengthOf(asFound);
  if (length === null) return null;
  if (encoding === "plain") return { copy, length };
  const decode = decodingsOf(
    evidence,
    places.map(({ undo }) => undo),
  );
  return decode === null ? null : { copy, length, decode };
}

/** White space right behind an encoded text. */
function spaceAfter({ after }: Case, place: Saved): number {
  let end = place.at + place.length;
  while (end < after.length && (after[end] === 0x0a || after[end] === 0x0d)) end++;
  return end - place.at - place.length;
}

/**
 * A length: constant, up to a fixed place, stored, or up to a place that can be found; `beyond` is the side of its end on which
 * bytes of the infection stand.
 */
export function findLength(
  evidence: Evidence,
  starts: readonly number[],
  lengths: readonly number[],
  startExpr: PositionExpr | null,
  beyond: Side,
): NumberExpr | null {
  if (allEqual(lengths)) return lengths[0]!;
  const ends = starts.map((start, i) => start + lengths[i]!);
  const from = startExpr ?? findPosition(evidence, starts);
  const fixed = constantPosition(evidence, ends);
  if (fixed !== null && from !== null) return distance(from, fixed);
  const number = findNumber(evidence, lengths);
  if (number !== null || from === null) return number;
  const to = findPosition(evidence, ends, beyond);
  return to === null ? null : distance(from, to);
}

function distance(from: PositionExpr, to: PositionExpr): NumberExpr {
  if (from.from === "start" && from.plus === 0) return { offset: to };
  if (from.from === "start" && typeof from.plus === "number") return { offset: to, plus: -from.plus };
  return { sum: [{ offset: to }, { offset: from, times: -1 }] };
}

/** A field of 1, 2, 4 or 8 bytes whose clean value follows from numbers in the infected file. */
export function computed(
  evidence: Evidence,
  clean: readonly Uint8Array[],
  places: readonly number[],
  own: PositionExpr | null = null,
): ByteSource | null {
  const width = clean[0]!.length;
  if (!(width === 1 || width === 2 || width === 4 || width === 8)) return null;
  if (clean.some((bytes) => bytes.length !== width)) return null;
  const order = evidence.big ? "big" : "little";
  const values = clean.map((bytes) => integerOf(bytes, evidence.big));
  const targets = values.filter((value) => value !== null);
  if (targets.length !== values.length) return null;
  const direct = findNumber(evidence, targets);
  if (direct !== null) return { number: direct, width, order };
  for (const { expr, values: offsets } of offsetsOf(evidence, places, width, own)) {
    const rest = findNumber(
      evidence,
      targets.map((target, i) => target - offsets[i]!),
    );
    if (rest !== null) return { number: added(expr, rest), width, order };
  }
  return null;
}

function added(expr: NumberExpr, rest: NumberExpr): NumberExpr {
  if (typeof rest === "number" && typeof expr === "object" && "read" in expr) return { ...expr, plus: rest };
  return { sum: [expr, rest] };
}

/** Numbers that an infection measures from: the field as it is now, the new entry point, a place, the size. */
function offsetsOf(
  evidence: Evidence,
  places: readonly number[],
  width: 1 | 2 | 4 | 8,
  ownPlace: PositionExpr | null,
): { expr: NumberExpr; values: number[] }[] {
  const order = evidence.big ? "big" : "little";
  const found: { expr: NumberExpr; values: number[] }[] = [];
  const add = (expr: NumberExpr, values: (number | null)[]) => {
    const known = values.filter((value) => value !== null);
    if (known.length === evidence.cases.length) found.push({ expr, values: known });
  };
  const own = ownPlace ?? findPosition(evidence, places);
  if (own !== null) {
    add(
      { read: own, width, order },
      evidence.cases.map((each, i) =>
        integerOf(each.after.subarray(places[i]!, places[i]! + width), evidence.big),
      ),
    );
  }
  if (evidence.cases.every((each) => isElf(each.after) && each.after.length > 64)) {
    const wide = evidence.cases[0]!.after[4] === 2 ? 8 : 4;
    add(
      { read: { from: "start", plus: 24 }, width: wide, order },
      evidence.cases.map((each) => integerOf(each.after.subarray(24, 24 + wide), evidence.big)),
    );
  }
  add(
    { offset: { from: "anchor", plus: 0 } },
    evidence.cases.map((each) => each.anchor),
  );
  add(
    { size: true },
    evidence.cases.map((each) => each.after.length),
  );
  return found;
}
