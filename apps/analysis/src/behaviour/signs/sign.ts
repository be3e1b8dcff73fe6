import type { StoryStep } from "@thymus/contracts";
import type { RunView } from "../view.ts";
import { catalogue, type SignId } from "./catalogue.ts";

export type Weight = StoryStep["weight"];

/** Something that was seen in a run, bound to what shows it. */
export interface Sign {
  readonly id: SignId;
  /** Seconds since the sample started. */
  readonly t: number;
  /** In plain words, beginning with a verb: `read the npm token in ~/.npmrc`. */
  readonly what: string;
  readonly evidence: string;
  /** Identifier of MITRE ATT&CK for Enterprise, or null where no technique fits. */
  readonly technique: string | null;
  readonly weight: Weight;
}

/** Finds signs of one topic in a run. */
export type Detector = (view: RunView) => readonly Sign[];

/** Names and contents come from a hostile program: no control characters, no endless lines. */
export const plain = (text: string): string =>
  text
    .slice(0, 2000)
    .replace(/\p{Cc}+/gu, " ")
    .slice(0, 1024);

/** A sign with the technique and the weight that the catalogue gives it, unless told otherwise. */
export function sign(
  id: SignId,
  seen: { t: number; what: string; evidence: string; technique?: string | null; weight?: Weight },
): Sign {
  const [technique, weight] = catalogue[id];
  return { id, technique, weight, ...seen, what: plain(seen.what), evidence: plain(seen.evidence) };
}

/** A path as a person would write it. */
export const short = (path: string, home: string): string =>
  path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;

export const at = (t: number): string => `${Math.max(0, t).toFixed(2)} s`;

/** `1 mail`, `3 mails`. */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;
