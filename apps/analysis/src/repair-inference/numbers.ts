import type { NumberExpr } from "@thymus/contracts";
import { decimalNumber } from "./decimals.ts";
import { allEqual, baseOf, type Case, type Evidence, type Window } from "./evidence.ts";

interface Reader {
  readonly width: 1 | 2 | 4 | 8;
  readonly big: boolean;
  readonly signed: boolean;
}

/** Wide first: a wide field that fits says more than a narrow one. */
const readers: readonly Reader[] = ([8, 4, 2, 1] as const).flatMap((width) =>
  [false, true].flatMap((big) => [false, true].map((signed) => ({ width, big, signed }))),
);
const MAX_TIMES = 1 << 16;
/** A stored number as it is, in the file's own order: nothing simpler is to be found. */
const PLAIN = 0.1;
/** Distinct values that a free factor or offset must explain; fewer and a chance field fits. */
const DISTINCT_FOR_PLUS = 3;
const DISTINCT_FOR_TIMES = 4;

/**
 * The simplest expression that has these values in the cases: a constant, a stored integer (times and plus a constant), or
 * stored decimal digits. Null where none fits.
 */
export function findNumber(evidence: Evidence, targets: readonly number[]): NumberExpr | null {
  if (!targets.every(Number.isSafeInteger)) return null;
  if (allEqual(targets)) return targets[0]!;
  if (allEqual(targets.map((target, i) => target - evidence.cases[i]!.after.length))) {
    const plus = targets[0]! - evidence.cases[0]!.after.length;
    return plus === 0 ? { size: true } : { size: true, plus };
  }
  let best: { expr: NumberExpr; price: number } | null = null;
  for (const window of evidence.windows) {
    const found = readNumber(evidence, targets, window);
    if (found !== null && (best === null || found.price < best.price)) best = found;
    if (best !== null && best.price < PLAIN) return best.expr;
  }
  return best?.expr ?? decimalNumber(evidence, targets);
}

/** Least width of a stored number that cannot have fitted several files by chance. */
const SURE_WIDTH = 4;

/**
 * The values as they are, stored in the infection's own body in the file's own order: null where they are not, or where so few
 * differ that it may be chance.
 */
export function keptNumber(evidence: Evidence, targets: readonly number[]): NumberExpr | null {
  if (!targets.every(Number.isSafeInteger) || new Set(targets).size < DISTINCT_FOR_PLUS) return null;
  const found = readNumber(evidence, targets, evidence.windows.find(({ from }) => from === "anchor")!);
  if (found === null || found.price >= PLAIN || typeof found.expr === "number") return null;
  return "width" in found.expr && found.expr.width >= SURE_WIDTH ? found.expr : null;
}

function readNumber(
  evidence: Evidence,
  targets: readonly number[],
  window: Window,
): { expr: NumberExpr; price: number } | null {
  const { cases } = evidence;
  const [first, second] = [0, targets.findIndex((target) => target !== targets[0])];
  const distinct = new Set(targets).size;
  const a = cases[first]!;
  const b = cases[second]!;
  const [baseA, baseB] = [baseOf(a, window.from), baseOf(b, window.from)];
  let best: { expr: NumberExpr; price: number } | null = null;
  for (let at = window.low; at < window.high; at++) {
    let differs = 0;
    while (differs < 8 && a.after[baseA + at + differs] === b.after[baseB + at + differs]) differs++;
    if (differs === 8) continue;
    for (const reader of readers) {
      if (reader.width <= differs || at + reader.width > window.high) continue;
      const [valueA, valueB] = [read(a, baseA + at, reader), read(b, baseB + at, reader)];
      if (valueA === null || valueB === null || valueA === valueB) continue;
      if (reader.signed && valueA >= 0 && valueB >= 0) continue;
      const times = (targets[first]! - targets[second]!) / (valueA - valueB);
      const plus = targets[first]! - times * valueA;
      if (!Number.isInteger(times) || Math.abs(times) > MAX_TIMES || !Number.isSafeInteger(plus)) continue;
      // Of two that fit alike the one in the file's own order and of more bytes is no accident of small numbers.
      const form = (reader.big === evidence.big ? 0 : 0.4) + (8 - reader.width) / 100;
      const price = (times === 1 ? 0 : times === -1 ? 2 : 4) + (plus === 0 ? 0 : 1) + form;
      if (best !== null && price >= best.price) continue;
      if (Math.abs(times) !== 1 ? distinct < DISTINCT_FOR_TIMES : plus !== 0 && distinct < DISTINCT_FOR_PLUS)
        continue;
      const fits = cases.every((each, i) => {
        const value = read(each, baseOf(each, window.from) + at, reader);
        return value !== null && value * times + plus === targets[i];
      });
      if (!fits) continue;
      best = { price, expr: readExpr(window, at, reader, times, plus) };
      if (price < PLAIN) return best;
    }
  }
  return best;
}

function readExpr(window: Window, at: number, reader: Reader, times: number, plus: number): NumberExpr {
  return {
    read: { from: window.from, plus: at },
    width: reader.width,
    order: reader.big ? "big" : "little",
    ...(reader.signed ? { signed: true } : {}),
    ...(times === 1 ? {} : { times }),
    ...(plus === 0 ? {} : { plus }),
  };
}

/** Integer at an offset of the infected file; null outside the file or beyond 2^53. */
export function read(each: Case, at: number, reader: Reader): number | null {
  const bytes = each.after;
  if (at < 0 || at + reader.width > bytes.length) return null;
  return integerAt(bytes, at, reader.width, reader.big, reader.signed);
}

/** Integer of 1, 2, 4 or 8 bytes, or null beyond 2^53. */
export function integerOf(bytes: Uint8Array, big: boolean, signed = false): number | null {
  return integerAt(bytes, 0, bytes.length, big, signed);
}

function integerAt(bytes: Uint8Array, at: number, width: number, big: boolean, signed: boolean) {
  let high = 0;
  let low = 0;
  for (let i = 0; i < width; i++) {
    const byte = bytes[at + (big ? width - 1 - i : i)]!;
    if (i < 4) low += byte * 2 ** (8 * i);
    else high += byte * 2 ** (8 * (i - 4));
  }
  if (signed) {
    if (width <= 4) return low >= 2 ** (8 * width - 1) ? low - 2 ** (8 * width) : low;
    if (high >= 2 ** 31) high -= 2 ** 32;
  }
  const value = high * 2 ** 32 + low;
  return Number.isSafeInteger(value) ? value : null;
}
