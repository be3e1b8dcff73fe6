import type { Candidates, FamilyCandidate } from "./candidates.ts";
import { chooseSpread, neededOf } from "./choose.ts";
import type { Member } from "./types.ts";

/** Strings of which a file must hold so many; a file of the family fulfils every part of its group's cell. */
export interface Part {
  readonly chosen: readonly FamilyCandidate[];
  readonly needed: number;
}

const HEAD_WANTED = 7;
const REST_WANTED = 10;
const HEAD_LEAST = 4;
/** Fewer different strings of the family's own than this are no ground for a rule; below the second number all are needed. */
export const LEAST = 3;
const FEW = 5;
/** Logarithm of the probability that a file of goodware would hold as many of the strings as are needed, at most. */
const TOGETHER = -200;

/**
 * Strings of the family's own from all over the program, and besides, where it has them, some texts from the head of its data: a
 * program that only holds the same library is not found then. Null where too little is the family's own.
 */
export function chooseParts({ own, head }: Candidates, members: readonly Member[]): Part[] | null {
  const first = chooseSpread(head, HEAD_WANTED);
  const hasHead = first.length >= HEAD_LEAST;
  const left = hasHead ? own.filter(({ hex }) => !first.some((each) => each.hex === hex)) : own;
  const rest = chooseSpread(left, hasHead ? REST_WANTED : HEAD_WANTED + REST_WANTED, hasHead ? first : []);
  if (rest.length < (hasHead ? LEAST : FEW)) return null;
  const parts = [{ chosen: rest, needed: rest.length < FEW ? rest.length : neededOf(rest, left, members) }];
  if (hasHead) parts.unshift({ chosen: first, needed: neededOf(first, head, members) });
  return evidence(parts) <= TOGETHER ? parts : null;
}

/** Sum of the logarithms for the strings of the family's own that must be there at least, the likeliest of them. */
function evidence(parts: readonly Part[]): number {
  return parts
    .flatMap(({ chosen, needed }) =>
      chosen
        .map(({ logProbability, isOwn }) => (isOwn ? logProbability : 0))
        .sort((a, b) => b - a)
        .slice(0, needed),
    )
    .reduce((sum, log) => sum + log, 0);
}

export function fulfils(parts: readonly Part[], member: Member): boolean {
  return parts.every(
    ({ chosen, needed }) => chosen.filter(({ holders }) => holders.has(member)).length >= needed,
  );
}
