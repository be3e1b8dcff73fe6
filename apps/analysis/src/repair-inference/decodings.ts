import type { Decoding, KeyByte, KeySource } from "@thymus/contracts";
import { occurrences } from "../infection/bytes.ts";
import type { Undo } from "../infection/saved.ts";
import { type Base, baseOf, type Case, type Evidence } from "./evidence.ts";
import { findPosition } from "./positions.ts";

/** One way back for all cases out of that of each, or null where its key stands nowhere in the file. */
export function decodingsOf(evidence: Evidence, undo: readonly (readonly Undo[])[]): Decoding[] | null {
  const steps: Decoding[] = [];
  for (const i of undo[0]!.keys()) {
    const each = undo.map((list) => list[i]);
    const step = each.every((one) => one?.kind === undo[0]![i]!.kind)
      ? decodingOf(evidence, each as Undo[])
      : null;
    if (step === null) return null;
    steps.push(step);
  }
  return steps;
}

function decodingOf(evidence: Evidence, undo: readonly Undo[]): Decoding | null {
  const first = undo[0]!;
  switch (first.kind) {
    case "hex":
    case "reverse":
      return { kind: first.kind };
    case "base64": {
      const alphabets = new Set(of(undo, "base64").map(({ alphabet }) => alphabet));
      if (alphabets.size > 1) return null;
      return first.alphabet === undefined ? { kind: "base64" } : { kind: "base64", alphabet: first.alphabet };
    }
    case "xor": {
      const key = keySource(
        evidence,
        of(undo, "xor").map((each) => each.key),
      );
      return key === null ? null : { kind: "xor", key };
    }
    case "slide": {
      const each = of(undo, "slide");
      const key = keyByte(
        evidence,
        each.map((one) => one.key),
      );
      const step = keyByte(
        evidence,
        each.map((one) => one.step),
      );
      return key === null || step === null ? null : { kind: "slide", by: "xor", key, step };
    }
    case "chain": {
      const each = of(undo, "chain");
      const key = keyByte(
        evidence,
        each.map((one) => one.first),
      );
      if (key === null || each.some(({ by, plus }) => by !== first.by || plus !== first.plus)) return null;
      return { kind: "chain", by: first.by, first: key, ...(first.plus === 0 ? {} : { plus: first.plus }) };
    }
    case "rotate": {
      const bits = keyByte(
        evidence,
        of(undo, "rotate").map((each) => each.bits),
      );
      return bits === null ? null : { kind: "rotate", bits };
    }
    case "swap":
      return of(undo, "swap").every(({ unit }) => unit === first.unit)
        ? { kind: "swap", unit: first.unit }
        : null;
    case "table":
      return tableSource(
        evidence,
        of(undo, "table").map((each) => each.table),
      );
    case "inflate":
      return of(undo, "inflate").every(({ form }) => form === first.form)
        ? { kind: "inflate", form: first.form }
        : null;
  }
}

function of<K extends Undo["kind"]>(undo: readonly Undo[], kind: K) {
  return undo.filter((each): each is Extract<Undo, { kind: K }> => each.kind === kind);
}

function keySource(evidence: Evidence, keys: readonly Uint8Array[]): KeySource | null {
  const length = Math.max(...keys.map((key) => key.length));
  if (keys.some((key) => length % key.length !== 0)) return null;
  const full = keys.map((key) => Buffer.concat(Array.from({ length: length / key.length }, () => key)));
  if (full.every((key) => key.equals(full[0]!))) return full[0]!.toString("hex");
  const at = placeOf(evidence, full);
  return at === null ? null : { at, length };
}

/** One byte as it stands in the file, which differs between files; the place nearest to a base that all have. */
function keyByte(evidence: Evidence, values: readonly number[]): KeyByte | null {
  if (values.every((value) => value === values[0])) return values[0]!;
  if (new Set(values).size < DISTINCT) return null;
  const { cases, windows } = evidence;
  for (const { from, low, high } of windows) {
    for (let plus = low; plus < high; plus++) {
      if (cases.every((each, i) => each.after[baseOf(each, from) + plus] === values[i]))
        return { at: { from, plus } };
    }
  }
  return null;
}

/** Different values that a place of one byte must explain. */
const DISTINCT = 3;

/** A table that stands in the file as it is or as its inverse. */
function tableSource(evidence: Evidence, tables: readonly Uint8Array[]): Decoding | null {
  const { cases } = evidence;
  const constant = commonTable(tables);
  if (constant !== null) return { kind: "table", table: Buffer.from(constant).toString("hex") };
  for (const inverse of [true, false]) {
    const lists = cases.map((each, i) => tablePlaces(each, tables[i]!, inverse));
    const at = commonPlace(evidence, lists);
    if (at !== null) return { kind: "table", table: { at }, ...(inverse ? { inverse } : {}) };
  }
  return null;
}

/**
 * The one table that all are parts of, or null. Each knows only the bytes of its host, and zero stands for what it does not
 * know; a file of other bytes needs the others, too, so that it must be known whole.
 */
function commonTable(tables: readonly Uint8Array[]): Uint8Array | null {
  const whole = new Uint8Array(256);
  for (const table of tables) {
    for (const [code, plain] of table.entries()) {
      if (plain !== 0 && whole[code] !== 0 && whole[code] !== plain) return null;
      if (plain !== 0) whole[code] = plain;
    }
  }
  return new Set(whole).size === 256 ? whole : null;
}

/** Where a whole table stands that agrees with what is known of this one. */
function tablePlaces({ after, hunks }: Case, table: Uint8Array, inverse: boolean): number[] {
  const found: number[] = [];
  for (const { afterStart, afterEnd } of hunks) {
    const end = Math.min(afterEnd, afterStart + MAX_TABLE_PLACES) - 256;
    const behind = Math.max(afterStart, afterEnd - MAX_TABLE_PLACES);
    for (let at = afterStart; at + 256 <= afterEnd; at = at === end && behind > at ? behind : at + 1) {
      if (isTable(after.subarray(at, at + 256), table, inverse)) found.push(at);
    }
  }
  return found;
}

const MAX_TABLE_PLACES = 1 << 14;
/** Entries of a table that may not be known: bytes that the host lacks. */
const MAX_UNKNOWN = 128;

function isTable(place: Uint8Array, table: Uint8Array, inverse: boolean): boolean {
  let unknown = 0;
  for (let i = 0; i < 256; i++) {
    const fits = inverse ? table[place[i]!] === i : place[i] === table[i];
    if (fits) continue;
    // An entry that is not known is zero.
    if ((inverse ? table[place[i]!] : table[i]) !== 0 || ++unknown > MAX_UNKNOWN) return false;
  }
  return new Set(place).size === 256;
}

/** Where these runs stand in the changed places of the files. */
export function placeOf(evidence: Evidence, runs: readonly Uint8Array[]) {
  return commonPlace(
    evidence,
    runs.map((run, i) => runPlaces(evidence.cases[i]!, run)),
  );
}

function commonPlace(evidence: Evidence, lists: readonly (readonly number[])[]) {
  for (const from of ["anchor", "start", "end"] as const satisfies Base[]) {
    const distances = lists.map(
      (list, i) => new Set(list.map((at) => at - baseOf(evidence.cases[i]!, from))),
    );
    for (const plus of distances[0]!) {
      if (distances.every((set) => set.has(plus))) return { from, plus };
    }
  }
  if (lists.some((list) => list.length === 0)) return null;
  return findPosition(
    evidence,
    lists.map((list) => list[0]!),
  );
}

function runPlaces(each: Case, run: Uint8Array): number[] {
  return each.hunks.flatMap((hunk) =>
    occurrences(each.after.subarray(hunk.afterStart, hunk.afterEnd), run, 256).map(
      (at) => at + hunk.afterStart,
    ),
  );
}
