import type { RulePart } from "./rule-text.ts";
import type { Member } from "./types.ts";

/** Share of a program that is compressed or encrypted from which on the rest of it is taken for the packer's. */
const PACKED = 0.6;
const MIN_DENSE = 8192;
const WINDOW = 24;
const PLACES = [0.2, 0.5, 0.8];

/**
 * Whether a program is mostly compressed or encrypted. What else it holds is the packer's stub, a self-extractor or a bootloader: the
 * same in programs that have nothing to do with each other, so nothing of it may stand in a rule.
 */
export function isPacked({ features }: Member): boolean {
  return features.structure !== null && features.density.share >= PACKED;
}

/** Strings that only this very build holds: bytes from its compressed part. Null where that part is too small. */
export function buildPart({ sample, features }: Member): RulePart | null {
  const { start, end } = features.density.densest;
  if (end - start < MIN_DENSE) return null;
  const hexes = PLACES.map((place) => {
    const at = start + Math.floor(place * (end - start));
    return Buffer.from(sample.bytes.subarray(at, at + WINDOW)).toString("hex");
  });
  return { hexes, needed: hexes.length };
}
