import type { NumberExpr, PositionExpr } from "@thymus/contracts";
import { findPattern, matchesAt, parsePattern } from "./pattern.ts";
import { refuse } from "./refuse.ts";

/** The infected file that every expression of a recipe speaks about, as it was found. */
export interface Subject {
  readonly bytes: Uint8Array;
  /** Offset of the one match of the anchor. */
  readonly anchor: number;
  /** The recipe's decoded runs, as far as they are made. */
  readonly decoded?: readonly Uint8Array[];
}

/** A byte of the file or of a decoded run. */
export interface Place {
  readonly bytes: Uint8Array;
  readonly at: number;
}

/** Expressions nest (a position may be read from the file); more than this is no honest recipe. */
const MAX_DEPTH = 24;
const MAX_DIGITS = 15;

/**
 * Value of a number expression.
 * @throws ThymusError REPAIR_REFUSED where a read leaves the file or a value is not exact
 */
export function evaluateNumber(expr: NumberExpr, subject: Subject, depth = 0): number {
  if (depth > MAX_DEPTH) throw refuse("an expression of the recipe is nested too deeply");
  if (typeof expr === "number") return safe(expr);
  if ("sum" in expr) {
    return expr.sum.reduce<number>(
      (total, part) => safe(total + evaluateNumber(part, subject, depth + 1)),
      0,
    );
  }
  if ("size" in expr) return linear(subject.bytes.length, expr.times, expr.plus);
  if ("offset" in expr) {
    return linear(evaluatePosition(expr.offset, subject, depth + 1), expr.times, expr.plus);
  }
  if ("decimal" in expr) {
    const { bytes, at } = evaluatePlace(expr.decimal, subject, depth + 1);
    return linear(readDecimal(bytes, at), 1, expr.plus);
  }
  if ("seek" in expr) {
    const { bytes, at } = evaluatePlace(expr.at, subject, depth + 1);
    const pattern = parsePattern(expr.seek);
    const found = matchesAt(pattern, bytes, at) ? at : findPattern(pattern, bytes, at);
    if (found < 0) throw refuse("a delimiter that the recipe looks for is not in the file");
    return linear(found - at, 1, expr.plus);
  }
  if ("line" in expr) {
    const at = evaluatePosition(expr.line, subject, depth + 1);
    return linear(lineStart(subject.bytes, at) - at, 1, expr.plus);
  }
  const { bytes, at } = evaluatePlace(expr.read, subject, depth + 1);
  const value = readInteger(bytes, at, expr.width, expr.order === "big", expr.signed === true);
  return linear(value, expr.times, expr.plus);
}

/** Offset at which the line begins that holds the byte at `at`. */
export function lineStart(bytes: Uint8Array, at: number): number {
  return at === 0 ? 0 : bytes.lastIndexOf(0x0a, at - 1) + 1;
}

/**
 * Offset of a position expression: from 0 to the size of the file, both included.
 * @throws ThymusError REPAIR_REFUSED where it lies outside the file
 */
export function evaluatePosition(expr: PositionExpr, subject: Subject, depth = 0): number {
  const { bytes, at } = evaluatePlace(expr, subject, depth);
  if (bytes !== subject.bytes) throw refuse("a position of the recipe is not one in the file");
  return at;
}

/**
 * As `evaluatePosition`, of the file or of a decoded run.
 * @throws ThymusError REPAIR_REFUSED where it lies outside, or where the recipe has no such run (yet)
 */
export function evaluatePlace({ from, plus }: PositionExpr, subject: Subject, depth = 0): Place {
  let { bytes } = subject;
  let base = 0;
  if (from === "end") base = bytes.length;
  else if (from === "anchor") base = subject.anchor;
  else if (from !== "start") {
    const run = subject.decoded?.[Number(from.slice("decoded".length)) - 1];
    if (run === undefined) throw refuse("a position of the recipe lies in what it has not decoded");
    bytes = run;
  }
  const at = safe(base + evaluateNumber(plus, subject, depth + 1));
  if (at < 0 || at > bytes.length) throw refuse("a position of the recipe lies outside the file");
  return { bytes, at };
}

/** Integer of 1, 2, 4 or 8 bytes. @throws ThymusError REPAIR_REFUSED outside the file or beyond 2^53 */
export function readInteger(
  bytes: Uint8Array,
  at: number,
  width: 1 | 2 | 4 | 8,
  big: boolean,
  signed: boolean,
): number {
  if (at < 0 || at + width > bytes.length) throw refuse("a number of the recipe lies outside the file");
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, width);
  if (width === 1) return signed ? view.getInt8(0) : view.getUint8(0);
  if (width === 2) return signed ? view.getInt16(0, !big) : view.getUint16(0, !big);
  if (width === 4) return signed ? view.getInt32(0, !big) : view.getUint32(0, !big);
  return safe(Number(signed ? view.getBigInt64(0, !big) : view.getBigUint64(0, !big)));
}

function readDecimal(bytes: Uint8Array, at: number): number {
  let end = at;
  let value = 0;
  while (end < bytes.length && bytes[end]! >= 0x30 && bytes[end]! <= 0x39) {
    value = value * 10 + bytes[end]! - 0x30;
    end++;
    if (end - at > MAX_DIGITS) throw refuse("a decimal number of the recipe is too long");
  }
  if (end === at) throw refuse("there is no decimal number where the recipe expects one");
  return value;
}

function linear(value: number, times = 1, plus = 0): number {
  return safe(safe(value * times) + plus);
}

function safe(value: number): number {
  if (!Number.isSafeInteger(value)) throw refuse("a number of the recipe is too large");
  return value;
}
