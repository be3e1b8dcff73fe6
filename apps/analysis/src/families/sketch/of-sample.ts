/** The sketch of a sample; parses hostile bytes, so only the confined worker calls it. */

import { codeOf, hasOwnCode } from "../../signature/family/code-parts.ts";
import { ownTexts } from "../../signature/family/grouping.ts";
import { Knowledge } from "../../signature/family/knowledge.ts";
import { openedFeatures } from "../../signature/family/packed.ts";
import type { FamilySample, Member } from "../../signature/family/types.ts";
import { instrumentation, type Self } from "../../signature/index.ts";
import { touches } from "../../signature/instrumentation.ts";
import { type KinSketch, setSketch } from "./sketch.ts";

/** Bytes of a window of a body: from here on the index of self nearly always tells. */
const WINDOW = 20;
/** A body with fewer windows of its own says nothing, and the program is looked at instead. */
export const LEAST_WINDOWS = 8;
/**
 * Only a program with fewer texts of its own is looked at by its code: code is shared with whatever has the same library inside,
 * and says less of a family than its texts do.
 */
const FEW_TEXTS = 4;
/** Longest part of a body that is looked at. */
const MAX_SEGMENT = 1 << 16;

const nothing = setSketch([]);

/**
 * What is the sample's own. What exercises carry is nobody's own, and of a packed program that cannot be opened nothing is.
 * @param invariant what is the same in all files that it infected; empty for a program that infects none
 */
export function sketchOfSample(
  sample: FamilySample,
  invariant: readonly Uint8Array[],
  self: Self,
): KinSketch {
  const knowledge = new Knowledge(self);
  const body = setSketch(ownWindows(invariant, knowledge));
  // The program that spreads an infection may be any infected file: then the rest of it is its host's.
  if (body.total >= LEAST_WINDOWS) return { version: 1, texts: nothing, code: nothing, body };
  const member = memberOf(sample);
  if (member.packing === "closed") return { version: 1, texts: nothing, code: nothing, body };
  const texts = setSketch(ownTexts(member, knowledge));
  const looksAtCode = texts.total < FEW_TEXTS && hasOwnCode(member);
  return { version: 1, texts, code: looksAtCode ? setSketch(codeOf(member)) : nothing, body };
}

/** The sample without what exercises carry, and what can be told of it. */
export function memberOf(sample: FamilySample, index = 0): Member {
  const bytes = Uint8Array.from(sample.bytes);
  for (const { start, end } of instrumentation(bytes)) bytes.fill(0, start, end);
  const bare = { ...sample, bytes };
  return { indices: [index], sample: bare, ...openedFeatures(bare) };
}

function* ownWindows(segments: readonly Uint8Array[], knowledge: Knowledge): Generator<string> {
  for (const segment of segments) {
    const bytes = segment.subarray(0, MAX_SEGMENT);
    const exercise = instrumentation(bytes);
    for (let at = 0; at + WINDOW <= bytes.length; at++) {
      if (touches(exercise, at, at + WINDOW)) continue;
      const text = Buffer.from(bytes.subarray(at, at + WINDOW)).toString("latin1");
      if (knowledge.isOwn(text)) yield text;
    }
  }
}
