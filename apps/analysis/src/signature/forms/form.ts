import type { InfectedPair } from "../../infection/analysis.ts";
import { bodyBytes } from "../../infection/pair-infections.ts";
import type { Clause } from "../clause.ts";
import { instrumentation } from "../instrumentation.ts";
import type { Self } from "../self.ts";
import { warnedSpans } from "../warned.ts";

/** Infected files that are to be found by one clause, and what is known of them. */
export interface FormInput {
  readonly pairs: readonly InfectedPair[];
  /** Inserted bytes of each pair; what exercises carry is cut out, and what lists name made unlike. */
  readonly bodies: readonly (readonly Uint8Array[])[];
  readonly self: Self;
}

/**
 * A way to be recognised although no run of bytes is constant. It proposes clauses, the best ones first; whether they fit, are no
 * chance and stand in no goodware is checked by others.
 */
export interface Form {
  readonly name: string;
  propose(input: FormInput): Clause[];
}

export function formInput(given: readonly InfectedPair[], self: Self): FormInput {
  const pairs = given.map((pair, number) => withoutWarned(pair, number, self));
  const bodies = pairs.map((pair) => bodyBytes(pair).flatMap(withoutInstrumentation));
  return { pairs, bodies, self };
}

/** A pair whose texts that lists of what is known to be good name are other ones in each file: nothing rests on what varies. */
function withoutWarned(pair: InfectedPair, number: number, self: Self): InfectedPair {
  const spans = warnedSpans(pair.specimen.after, self);
  if (spans.length === 0) return pair;
  const after = Uint8Array.from(pair.specimen.after);
  for (const { start, end } of spans)
    for (let at = start; at < end; at++)
      after[at] = 0x61 + ((Math.imul(at + 1, 2 * number + 0x9e3779b1) >>> 16) % 26);
  return { ...pair, specimen: { ...pair.specimen, after } };
}

/** The parts of a body between the texts of exercises, which are whole lines of scripts or words of programs. */
function withoutInstrumentation(body: Uint8Array): Uint8Array[] {
  const spans = instrumentation(body).sort((a, b) => a.start - b.start);
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const { start, end } of spans) {
    if (start > at) parts.push(body.subarray(at, start));
    at = Math.max(at, end);
  }
  if (at < body.length) parts.push(body.subarray(at));
  return parts;
}
