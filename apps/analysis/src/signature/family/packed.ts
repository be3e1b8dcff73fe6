import { type FeatureSet, featuresOf, unpackUpx } from "../features/index.ts";
import type { Knowledge } from "./knowledge.ts";
import type { RulePart } from "./rule-text.ts";
import type { FamilySample, Member } from "./types.ts";

/** Share of a program that is compressed or encrypted from which on the rest of it is taken for the packer's. */
const PACKED = 0.6;
const MIN_DENSE = 8192;
const WINDOW = 20;
const PLACES = [0.35, 0.7];

/** What can be told of a sample, by what is inside where it is packed and can be opened. */
export function openedFeatures(sample: FamilySample): Pick<Member, "features" | "packing"> {
  const features = featuresOf(sample);
  if (!isPacked(features)) return { features, packing: "none" };
  const content = unpackUpx(sample.bytes);
  if (content === null) return { features, packing: "closed" };
  return { features: featuresOf({ bytes: content, type: sample.type }), packing: "opened" };
}

/**
 * Whether a program is mostly compressed or encrypted. What else it holds is the packer's stub, a self-extractor or a bootloader: the
 * same in programs that have nothing to do with each other, so nothing of it may stand in a rule.
 */
function isPacked({ structure, density }: FeatureSet): boolean {
  return structure !== null && density.share >= PACKED;
}

/** Strings that only this very build holds: bytes from its compressed part. Null where that part is too small, or known to self. */
export function buildPart({ sample }: Member, knowledge: Knowledge): RulePart | null {
  const { start, end } = featuresOf(sample).density.densest;
  if (end - start < MIN_DENSE) return null;
  const runs = PLACES.map((place) => {
    const at = start + Math.floor(place * (end - start));
    return Buffer.from(sample.bytes.subarray(at, at + WINDOW));
  });
  if (knowledge.isExact && !runs.every((run) => knowledge.isOwn(run.toString("latin1")))) return null;
  return { hexes: runs.map((run) => run.toString("hex")), needed: runs.length };
}
