import type { InfectedPair } from "../../infection/analysis.ts";
import { view } from "../../infection/bytes.ts";
import { commonSegments } from "../../infection/invariant.ts";
import type { Clause } from "../clause.ts";
import type { Self } from "../self.ts";
import { consensus } from "./consensus.ts";
import type { Form } from "./form.ts";
import { patternClauses } from "./patterns.ts";

/** Bodies that are aligned with each other; more add nothing but time. */
const MAX_BODIES = 16;
const WINDOW = 512;
const MAX_ANCHORS = 2;

/** Constant bytes with addresses, keys, lengths, filler or equivalent instructions between them, as hex strings with wild cards. */
export const wildcardForm: Form = {
  name: "wild cards",
  propose({ pairs, bodies, self }): Clause[] {
    const chosen = [...bodies.keys()].filter((i) => bodies[i]!.some((part) => part.length >= 16));
    if (chosen.length < bodies.length) return [];
    const some = spread(chosen, MAX_BODIES).map((i) => largest(bodies[i]!));
    return viewsOf(some, pairs).flatMap((parts) => clausesOf(parts, self));
  },
};

function clausesOf(parts: readonly Uint8Array[], self: Self): Clause[] {
  const ordered = [...parts].sort((a, b) => a.length - b.length);
  return patternClauses(consensus(ordered), ordered.length, self, "wild cards");
}

/** Stretches of the bodies that should be alike: around what they share, else their beginnings, else their ends. */
function viewsOf(bodies: readonly Uint8Array[], pairs: readonly InfectedPair[]): Uint8Array[][] {
  if (bodies.every(({ length }) => length <= WINDOW)) return [[...bodies]];
  const shared = commonSegments(bodies.map((body) => [body]))
    .filter(
      ({ bytes }) =>
        !pairs[0]!.specimen.before.includes(bytes[0]!) || !view(pairs[0]!.specimen.before).includes(bytes),
    )
    .sort((a, b) => b.bytes.length - a.bytes.length)
    .slice(0, MAX_ANCHORS);
  const around = shared.map(({ bytes }) =>
    bodies.map((body) => {
      const at = view(body).indexOf(bytes);
      return body.subarray(Math.max(0, at - WINDOW / 2), at + WINDOW / 2);
    }),
  );
  return [
    ...around,
    bodies.map((body) => body.subarray(0, WINDOW)),
    bodies.map((body) => body.subarray(-WINDOW)),
  ];
}

const largest = (parts: readonly Uint8Array[]) => parts.reduce((a, b) => (b.length > a.length ? b : a));

function spread<T>(list: readonly T[], most: number): T[] {
  if (list.length <= most) return [...list];
  return Array.from({ length: most }, (_, i) => list[Math.floor((i * list.length) / most)]!);
}
