import type { PositionExpr } from "@thymus/contracts";
import { findPattern, lineStart, parsePattern } from "@thymus/repair";
import { isElf } from "../infection/specimen.ts";
import { commonHex } from "./common-hex.ts";
import { allEqual, type Base, baseOf, type Evidence } from "./evidence.ts";
import { findNumber, integerOf } from "./numbers.ts";

const bases: readonly Base[] = ["start", "anchor", "end"];

/**
 * The simplest expression of an offset in the infected files, or null. `own` is the side of it on which bytes of the infection
 * stand: what is sought should be theirs, since the host's are different in every file.
 */
export function findPosition(
  evidence: Evidence,
  targets: readonly number[],
  own: Side = "after",
): PositionExpr | null {
  return (
    constantPosition(evidence, targets) ??
    storedPosition(evidence, targets) ??
    tableEnd(evidence, targets) ??
    soughtPosition(evidence, targets, own)
  );
}

export type Side = "before" | "after";

/** A fixed distance: the very start or end first, then from the anchor, which travels with the body. */
export function constantPosition(evidence: Evidence, targets: readonly number[]): PositionExpr | null {
  const distances = bases.map((from) => ({
    from,
    values: targets.map((target, i) => target - baseOf(evidence.cases[i]!, from)),
  }));
  const constant = distances.filter(({ values }) => allEqual(values));
  const best =
    constant.find(({ from, values }) => from !== "anchor" && values[0] === 0) ??
    constant.find(({ from }) => from === "anchor") ??
    constant[0];
  return best === undefined ? null : { from: best.from, plus: best.values[0]! };
}

/** A fixed distance from the beginning of the anchor's line: what stands before the anchor there may be of any length. */
export function linePosition(evidence: Evidence, targets: readonly number[]): PositionExpr | null {
  const { cases } = evidence;
  if (cases.some((each) => isElf(each.after))) return null;
  const distances = targets.map((target, i) => target - lineStart(cases[i]!.after, cases[i]!.anchor));
  if (!allEqual(distances)) return null;
  const plus = distances[0]!;
  const line: PositionExpr = { from: "anchor", plus: 0 };
  return { from: "anchor", plus: plus === 0 ? { line } : { line, plus } };
}

function storedPosition(evidence: Evidence, targets: readonly number[]): PositionExpr | null {
  for (const from of bases) {
    const distances = targets.map((target, i) => target - baseOf(evidence.cases[i]!, from));
    const plus = findNumber(evidence, distances);
    if (plus !== null) return { from, plus };
  }
  return null;
}

/**
 * The end of the section header table is where a linked ELF file usually ends (System V gABI); the table's place is the file's own,
 * or another one that the infection kept.
 */
function tableEnd(evidence: Evidence, targets: readonly number[]): PositionExpr | null {
  if (!evidence.cases.every((each) => isElf(each.after) && each.after.length > 64)) return null;
  const wide = evidence.cases[0]!.after[4] === 2;
  if (!evidence.cases.every((each) => (each.after[4] === 2) === wide)) return null;
  const [offsetAt, width, countAt, entry] = wide ? ([40, 8, 60, 64] as const) : ([32, 4, 48, 40] as const);
  const order = evidence.big ? "big" : "little";
  const numbers = (at: number, bytes: number) =>
    evidence.cases.map(({ after }) => integerOf(after.subarray(at, at + bytes), evidence.big) ?? Number.NaN);
  const counts = numbers(countAt, 2);
  const starts = targets.map((target, i) => target - counts[i]! * entry);
  const offsets = numbers(offsetAt, width);
  const left = starts.map((start, i) => start - offsets[i]!);
  const count = {
    read: { from: "start" as const, plus: countAt },
    width: 2 as const,
    order,
    times: entry,
  } as const;
  if (left.every(Number.isSafeInteger) && allEqual(left)) {
    const own = { read: { from: "start" as const, plus: offsetAt }, width, order } as const;
    return {
      from: "start",
      plus: { sum: [own, { ...count, ...(left[0] === 0 ? {} : { plus: left[0]! }) }] },
    };
  }
  const kept = findNumber(evidence, starts);
  return kept === null ? null : { from: "start", plus: { sum: [kept, count] } };
}

/** What names an entry of a table: type and flags of a segment, name and type of a section; `?` for the other bytes. */
const identities = {
  ehdr: { wide: "", narrow: "" },
  phdr: { wide: "xxxxxxxx", narrow: "xxxx????????????????????xxxx" },
  shdr: { wide: "xxxxxxxx", narrow: "xxxxxxxx" },
} as const;

/** Place of a header structure: as any position, else the first entry of its table that has this identity. */
export function findStructure(
  evidence: Evidence,
  targets: readonly number[],
  kind: keyof typeof identities,
): PositionExpr | null {
  const wide = evidence.cases[0]!.after[4] === 2;
  const simple = constantPosition(evidence, targets) ?? storedPosition(evidence, targets);
  const mask = identities[kind][wide ? "wide" : "narrow"];
  if (simple !== null || mask === "") return simple;
  const pattern = [...mask]
    .map((letter, i) => {
      const bytes = evidence.cases.map((each, c) => each.after[targets[c]! + i]);
      return letter === "x" && bytes[0] !== undefined && allEqual(bytes as number[])
        ? hexByte(bytes[0])
        : "??";
    })
    .join("");
  const origin = wide ? 64 : 52;
  const parsed = parsePattern(pattern);
  const fits = evidence.cases.every((each, i) => findPattern(parsed, each.after, origin) === targets[i]);
  return fits ? sought("start", pattern, origin, 0) : soughtPosition(evidence, targets);
}

/** The same position some bytes on. */
export function shifted(position: PositionExpr, by: number): PositionExpr {
  const { from, plus } = position;
  if (by === 0) return position;
  if (typeof plus === "number") return { from, plus: plus + by };
  if ("sum" in plus) return { from, plus: { sum: [plus, by] } };
  return { from, plus: { ...plus, plus: (plus.plus ?? 0) + by } };
}

function sought(from: Base, seek: string, origin: number, lead: number): PositionExpr {
  const plus = origin + lead;
  return { from, plus: { seek, at: { from, plus: origin }, ...(plus === 0 ? {} : { plus }) } };
}

const hexByte = (byte: number) => byte.toString(16).padStart(2, "0");

const LENGTHS = [56, 32, 16, 8, 4, 2, 1];
const MIN_CONSTANT = 0.3;
/** Few bytes of the hosts that are the same in all of them are so by chance: the next host has others. */
const HOST_CONSTANT = 8;

/** The first place, after a known one, where certain bytes stand: at the target itself or just before it. */
function soughtPosition(
  evidence: Evidence,
  targets: readonly number[],
  own: Side = "after",
): PositionExpr | null {
  const sides: Side[] = own === "after" ? ["after", "before"] : ["before", "after"];
  for (const side of sides) {
    const found = soughtBeside(evidence, targets, side, side === own ? 1 : HOST_CONSTANT);
    if (found !== null) return found;
  }
  return null;
}

function soughtBeside(
  evidence: Evidence,
  targets: readonly number[],
  side: Side,
  leastConstant: number,
): PositionExpr | null {
  for (const length of LENGTHS) {
    if (length < leastConstant) continue;
    const lead = side === "before" ? length : 0;
    const pattern = patternAt(
      evidence,
      targets.map((target) => target - lead),
      length,
      leastConstant,
    );
    if (pattern === null) continue;
    const parsed = parsePattern(pattern);
    for (const from of ["anchor", "start"] as const) {
      for (const origin of origins(evidence, from)) {
        const fits = evidence.cases.every((each, i) => {
          const start = baseOf(each, from) + origin;
          return start >= 0 && findPattern(parsed, each.after, start) === targets[i]! - lead;
        });
        if (fits) return sought(from, pattern, origin, lead);
      }
    }
  }
  return null;
}

function origins(evidence: Evidence, from: "anchor" | "start"): number[] {
  if (from === "start") return evidence.cases.every((each) => isElf(each.after)) ? [0, 52, 64] : [0];
  const low = evidence.windows.find((window) => window.from === "anchor")!.low;
  return [...new Set([0, low])];
}

/** What all files have at their places; null where too little is constant. */
function patternAt(
  evidence: Evidence,
  starts: readonly number[],
  length: number,
  leastConstant: number,
): string | null {
  if (starts.some((start) => start < 0)) return null;
  const { hex, constant } = commonHex(
    evidence.cases.map(({ after }, c) => after.subarray(starts[c]!, starts[c]! + length)),
  );
  if (hex.length < 2 * length || hex.startsWith("??")) return null;
  return constant.length < Math.max(leastConstant, length * MIN_CONSTANT) ? null : hex;
}
