import type { NumberExpr, PositionExpr } from "@thymus/contracts";
import { view } from "../infection/bytes.ts";
import { baseOf, type Case, type Evidence, type Window } from "./evidence.ts";

const LABELS = [12, 6, 4];
const MAX_RUNS = 400;
/** A label further from its base than this is looked for in vain, and slowly. */
const MAX_AWAY = 1 << 16;

/** A number written as decimal digits in the body, at a fixed place or after a constant label. */
export function decimalNumber(evidence: Evidence, targets: readonly number[]): NumberExpr | null {
  const first = evidence.cases[0]!;
  for (const window of evidence.windows) {
    const base = baseOf(first, window.from);
    let runs = 0;
    for (let at = window.low; at < window.high && runs < MAX_RUNS; at++) {
      const value = digitsAt(first, base + at);
      if (value === null || isDigit(first.after[base + at - 1])) continue;
      runs++;
      const plus = targets[0]! - value;
      for (const place of places(evidence, window, at)) {
        const fits = evidence.cases.every((each, i) => {
          const found = place.at(each);
          const other = found === null ? null : digitsAt(each, found);
          return other !== null && other + plus === targets[i];
        });
        if (fits) return { decimal: place.expr, ...(plus === 0 ? {} : { plus }) };
      }
    }
  }
  return null;
}

interface Place {
  readonly expr: PositionExpr;
  at(each: Case): number | null;
}

function places(evidence: Evidence, window: Window, at: number): Place[] {
  const { from, low } = window;
  const fixed: Place = { expr: { from, plus: at }, at: (each) => baseOf(each, from) + at };
  const first = evidence.cases[0]!;
  const end = baseOf(first, from) + at;
  const origin = from === "end" ? low : Math.max(low, from === "anchor" ? Math.min(0, low) : 0);
  const labelled = LABELS.filter((length) => end - length >= baseOf(first, from) + origin).map(
    (length): Place => {
      const label = first.after.subarray(end - length, end);
      return {
        expr: {
          from,
          plus: {
            seek: view(label).toString("hex"),
            at: { from, plus: origin },
            plus: origin + length,
          },
        },
        at: (each) => {
          const start = baseOf(each, from) + origin;
          if (start < 0) return null;
          const found = view(each.after.subarray(start, start + MAX_AWAY)).indexOf(label);
          return found < 0 ? null : start + found + length;
        },
      };
    },
  );
  return [fixed, ...labelled];
}

function digitsAt(each: Case, at: number): number | null {
  let end = at;
  let value = 0;
  while (isDigit(each.after[end])) {
    value = value * 10 + each.after[end]! - 0x30;
    if (++end - at > 15) return null;
  }
  return end === at ? null : value;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}
