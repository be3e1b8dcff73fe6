/** A repair recipe in words. Pure; whatever the recipe holds, the words stay few. */
import type {
  AnyRepair,
  ByteSource,
  Decoding,
  NumberExpr,
  PositionExpr,
  Repair,
  RepairStep,
  ScriptPattern,
} from "@thymus/contracts";
import { packageWords } from "./package-words.ts";
import { count, grouped, typeWord } from "./words.ts";

/** Deeper expressions are named, not spelled out. */
const MAX_DEPTH = 3;

export const repairWords = (repair: AnyRepair): string[] =>
  "format" in repair ? packageWords(repair) : fileWords(repair);

function fileWords(repair: Repair): string[] {
  const { identify } = repair;
  const checks = identify.checks.length > 0 ? `, and ${count(identify.checks.length, "further check")}` : "";
  return [
    `Only for ${identify.types.map(typeWord).join(", ")} of at least ${count(identify.minSize, "byte")} in which the infection's mark stands exactly once${checks}; any other file is refused.`,
    ...(repair.unshift === undefined
      ? []
      : [
          `Correct the ELF file's tables for ${lengthWords(repair.unshift.by)} that were put in ${position(repair.unshift.from)}.`,
        ]),
    ...(repair.decoded ?? []).map((run) => `Decode ${source(run)}.`),
    ...repair.steps.map(stepWords),
    `Done only where the mark is gone afterwards and the file is ${repair.expect.types.map(typeWord).join(" or ")} again.`,
  ];
}

export function stepWords(step: RepairStep): string {
  switch (step.op) {
    case "cut":
      return `Take out ${lengthWords(step.length)} ${position(step.at)}.`;
    case "truncate":
      return `Take out everything from ${place(step.at)} on.`;
    case "put":
      return `Write ${source(step.from)} ${position(step.at)}.`;
    case "insert":
      return `Put in ${source(step.from)} ${position(step.at)}.`;
    case "lines":
      return `Take out ${count(step.lines.length, "line")}, wherever each stands.`;
    case "strip":
      return `Take out the ${count(step.script.statements.length, "statement")} around the mark, whatever their ${variable(step.script)}.`;
  }
}

/** What may differ in a script's text. */
const variable = ({ order, blanks }: ScriptPattern): string =>
  ["names and values", ...(blanks ? ["blanks"] : []), ...(order === "any" ? ["order"] : [])].join(", ");

const lengthWords = (length: NumberExpr): string =>
  typeof length === "number" ? count(length, "byte") : `as many bytes as ${number(length)}`;

const position = (at: PositionExpr, depth = 0): string => `at ${place(at, depth)}`;

const froms: Record<PositionExpr["from"], string> = {
  ...{ start: "the start of the file", end: "the end of the file", anchor: "the mark" },
  ...{ decoded1: "what was decoded first", decoded2: "what was decoded second" },
  ...{ decoded3: "what was decoded third", decoded4: "what was decoded fourth" },
};

function place({ from, plus }: PositionExpr, depth = 0): string {
  if (plus === 0) return froms[from];
  if (typeof plus === "number")
    return `${count(Math.abs(plus), "byte")} ${plus < 0 ? "before" : "after"} ${froms[from]}`;
  return `${froms[from]} plus ${number(plus, depth + 1)}`;
}

function number(value: NumberExpr, depth = 0): string {
  if (typeof value === "number") return grouped(value);
  if (depth > MAX_DEPTH) return "a computed number";
  if ("read" in value)
    return `${changed(value, `the number in ${count(value.width, "byte")} ${position(value.read, depth + 1)}`)}`;
  if ("decimal" in value) return changed(value, `the decimal number ${position(value.decimal, depth + 1)}`);
  if ("size" in value) return changed(value, "the file's size");
  if ("offset" in value) return changed(value, `the offset of ${place(value.offset, depth + 1)}`);
  if ("seek" in value)
    return changed(
      value,
      `the distance from ${place(value.at, depth + 1)} to the next ${clipped(value.seek)}`,
    );
  if ("line" in value)
    return changed(value, `the way back from ${place(value.line, depth + 1)} to the beginning of its line`);
  return value.sum.map((part) => number(part, depth + 1)).join(" plus ");
}

function changed({ times, plus }: { times?: number | undefined; plus?: number | undefined }, what: string) {
  const scaled =
    times === undefined || times === 1
      ? what
      : times === -1
        ? `minus ${what}`
        : `${grouped(times)} × ${what}`;
  if (!plus) return scaled;
  return `${scaled} ${plus < 0 ? "minus" : "plus"} ${grouped(Math.abs(plus))}`;
}

function source(from: ByteSource): string {
  if ("bytes" in from) return `${count(from.bytes.length / 2, "known byte")} (${clipped(from.bytes)})`;
  if ("copy" in from) {
    const decoded = (from.decode ?? []).map(decoding).join(", then ");
    return `a copy of ${lengthWords(from.length)} that the infection kept at ${place(from.copy)}${decoded ? `, ${decoded},` : ""}`;
  }
  if ("fill" in from) return `${lengthWords(from.length)} of the value 0x${from.fill}`;
  return `${number(from.number)} as a number of ${count(from.width, "byte")}`;
}

function decoding(step: Decoding): string {
  switch (step.kind) {
    case "xor":
      return "decoded by XOR";
    case "add":
    case "subtract":
      return "decoded by a key that is added";
    case "slide":
      return "decoded by a sliding key";
    case "chain":
      return "decoded by the byte before each";
    case "rotate":
      return "its bits turned back";
    case "swap":
      return step.unit === 1 ? "the halves of its bytes exchanged" : "its words turned around";
    case "table":
      return "decoded by a table";
    case "inflate":
      return "inflated";
    case "unshuffle":
      return `its blocks of ${count(step.unit, "byte")} put in order`;
    case "hex":
      return "decoded from hex";
    case "base64":
      return "decoded from base64";
    case "reverse":
      return "turned around";
  }
}

const clipped = (hex: string): string => (hex.length > 32 ? `${hex.slice(0, 32)}…` : hex);
