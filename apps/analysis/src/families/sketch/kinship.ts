/** How like two samples are by their sketches, and from where on they are one family. Pure. */
import { type Feature, features, type KinSketch, overlap } from "./sketch.ts";

interface Least {
  /** Hashes in common: fewer are chance, or planted. */
  readonly common: number;
  /** Share of the smaller set that stands in the larger one. */
  readonly share: number;
  /** Share of the larger set that stands in the smaller one: a program is no kin of every library that it has inside. */
  readonly ofLarger: number;
}

/** For texts the same numbers by which a rule's samples are grouped; see docs/signatures.md for how they fare. */
const least: Readonly<Record<Feature, Least>> = {
  texts: { common: 4, share: 0.2, ofLarger: 0.05 },
  code: { common: 8, share: 0.3, ofLarger: 0.1 },
  body: { common: 8, share: 0.25, ofLarger: 0.05 },
};

/** Share of what a family has in common that a sample must hold before anything is learned from it. */
const CORE_HELD = 0.5;
/** Share of the members that hold what counts as common. */
const CORE = 0.6;

/** The share of the smaller set that the other holds, by the kind of features that says most; 0 where they are no kin. */
export function similarity(one: KinSketch, other: KinSketch): number {
  let best = 0;
  for (const feature of features) {
    const { common, ofFirst, ofSecond } = overlap(one[feature], other[feature]);
    const share = Math.max(ofFirst, ofSecond);
    const bound = least[feature];
    if (common < bound.common || share < bound.share || Math.min(ofFirst, ofSecond) < bound.ofLarger)
      continue;
    best = Math.max(best, share);
  }
  return best;
}

/** Whether there is enough in a sketch to be anybody's kin. */
export function saysSomething(sketch: KinSketch): boolean {
  return features.some((feature) => sketch[feature].total >= least[feature].common);
}

/** Whether two sketches are of the same content, as far as they tell. */
export function sameSketch(one: KinSketch, other: KinSketch): boolean {
  return features.every(
    (feature) =>
      one[feature].total === other[feature].total &&
      one[feature].values.every((value, i) => value === other[feature].values[i]),
  );
}

/**
 * Whether a sample holds half of what most of the others have in common. One that holds a few of their texts is named after
 * them, but would teach a rule those texts alone: whoever chose them would choose the rule.
 */
export function holdsCore(sketch: KinSketch, others: readonly KinSketch[]): boolean {
  return features.some((feature) => {
    const counts = new Map<number, number>();
    const end = Math.min(...[sketch, ...others].map((each) => lastKnown(each, feature)));
    for (const other of others)
      for (const value of other[feature].values)
        if (value <= end) counts.set(value, (counts.get(value) ?? 0) + 1);
    const most = Math.max(1, Math.ceil(CORE * others.length));
    const core = [...counts].filter(([, count]) => count >= most).map(([value]) => value);
    if (core.length < least[feature].common) return false;
    const own = new Set(sketch[feature].values);
    return core.filter((value) => own.has(value)).length >= CORE_HELD * core.length;
  });
}

function lastKnown(sketch: KinSketch, feature: Feature): number {
  const { total, values } = sketch[feature];
  return total <= values.length ? Number.POSITIVE_INFINITY : values.at(-1)!;
}

/** A member of the family is like so many of the others at least, so that one between two families does not join them. */
const LIKE_OTHERS = 1 / 3;

export interface Kin {
  readonly family: string;
  readonly similarity: number;
}

/** The family whose members a sample is most like, or null where it is of none. */
export function nearestFamily(
  sketch: KinSketch,
  members: readonly { readonly family: string; readonly sketch: KinSketch }[],
): Kin | null {
  let best: Kin | null = null;
  for (const [family, kept] of Map.groupBy(members, (each) => each.family)) {
    const alike = kept.map((each) => similarity(sketch, each.sketch)).filter((share) => share > 0);
    if (alike.length === 0 || alike.length < LIKE_OTHERS * kept.length) continue;
    const nearest = Math.max(...alike);
    if (best === null || nearest > best.similarity) best = { family, similarity: nearest };
  }
  return best;
}
