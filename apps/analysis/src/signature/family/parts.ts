import type { FamilyCandidate } from "./candidates.ts";
import { chooseSpread, LEAST, neededOf } from "./choose.ts";
import type { Member } from "./types.ts";

/** Strings of which a file must hold so many; a file of the family fulfils every part of its group's cell. */
export interface Part {
  readonly chosen: readonly FamilyCandidate[];
  readonly needed: number;
}

/** Share of a program's texts, in the order of the file, that are certainly its own and not a library's inside. */
const HEAD = 0.1;
const MIN_HEAD = 6;
const HEAD_WANTED = 6;
const REST_WANTED = 9;
const HEAD_LEAST = 4;

/**
 * A linker puts a program's own objects first and what it takes from libraries behind them, so the texts at the head of its data are
 * its own. Where there are enough, some of them are needed besides those of all the rest: a program that holds the same library is
 * not found then. The names in symbol tables count as rest.
 */
export function chooseParts(
  candidates: readonly FamilyCandidate[],
  members: readonly Member[],
): Part[] | null {
  const data = candidates.filter(({ isName }) => !isName).sort((a, b) => a.at - b.at);
  const size = Math.max(MIN_HEAD, Math.ceil(HEAD * data.length));
  const headTexts = new Set(data.slice(0, size));
  const rest = candidates.filter((each) => !headTexts.has(each));
  const head = chooseSpread([...headTexts], HEAD_WANTED);
  const others = chooseSpread(rest, REST_WANTED);
  if (head.length < HEAD_LEAST || others.length < LEAST) {
    const all = chooseSpread(candidates, HEAD_WANTED + REST_WANTED);
    return all.length < LEAST ? null : [{ chosen: all, needed: neededOf(all, candidates, members) }];
  }
  return [
    { chosen: head, needed: neededOf(head, [...headTexts], members) },
    { chosen: others, needed: neededOf(others, rest, members) },
  ];
}

export function fulfils(parts: readonly Part[], member: Member): boolean {
  return parts.every(
    ({ chosen, needed }) => chosen.filter(({ holders }) => holders.has(member)).length >= needed,
  );
}
