import type { InfectedPair } from "../../infection/analysis.ts";
import { bodyBytes } from "../../infection/pair-infections.ts";
import type { Clause } from "../clause.ts";
import { instrumentation } from "../instrumentation.ts";
import type { Self } from "../self.ts";

/** Infected files that are to be found by one clause, and what is known of them. */
export interface FormInput {
  readonly pairs: readonly InfectedPair[];
  /** Inserted bytes of each pair; what exercises carry is cut out. */
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

export function formInput(pairs: readonly InfectedPair[], self: Self): FormInput {
  const bodies = pairs.map((pair) => bodyBytes(pair).flatMap(withoutInstrumentation));
  return { pairs, bodies, self };
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
