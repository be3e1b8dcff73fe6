import type { FamilyCandidate } from "./candidates.ts";
import type { Group } from "./grouping.ts";
import { hexOf, type Knowledge } from "./knowledge.ts";
import type { Part } from "./parts.ts";

const WANTED = 4;
const NEEDED = 3;
/** One sample does not show which of them another version takes, too. */
const WANTED_OF_ONE = 6;
const NEEDED_OF_ONE = 2;
const MIN_NAME = 6;
/** Names that begin alike are mostly of one library: one of them is enough. */
const PREFIX = 4;
/** Compilers choose these by their flags, by the processor and by the age of the C library. */
const CHOSEN_BY_COMPILERS = /^_|64$|_chk$|_unlocked$|@|^str(n?cpy|chr|tol|toul)/;

/**
 * Names of functions that all members take from libraries, the rarest in goodware. They are not the family's own and serve only besides
 * its texts: a fork or another program with much of the same source mostly stands on other libraries. Null where the members are
 * linked statically or take too few.
 */
export function importPart({ members }: Group, knowledge: Knowledge): Part | null {
  const [first, ...others] = members.map(({ features }) => new Set(features.structure?.imports ?? []));
  const holders = new Set(members);
  const ranked = [...first!]
    .filter((name) => name.length >= MIN_NAME && !CHOSEN_BY_COMPILERS.test(name))
    .filter((name) => others.every((each) => each.has(name)))
    .map((name) => ({ name, log: knowledge.logProbability(`\0${name}\0`) }))
    .sort((a, b) => a.log - b.log || (a.name < b.name ? -1 : 1));
  const wanted = members.length === 1 ? WANTED_OF_ONE : WANTED;
  const chosen: FamilyCandidate[] = [];
  const prefixes = new Set<string>();
  for (const { name, log } of ranked) {
    if (chosen.length === wanted || prefixes.has(name.slice(0, PREFIX))) continue;
    prefixes.add(name.slice(0, PREFIX));
    chosen.push({ hex: hexOf(name), isOwn: false, at: 0, logProbability: log, worth: -log, holders });
  }
  if (chosen.length < wanted) return null;
  return { chosen, needed: members.length === 1 ? NEEDED_OF_ONE : NEEDED };
}
