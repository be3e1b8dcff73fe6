import type { FamilyCandidate } from "./candidates.ts";
import { enoughHolders } from "./candidates.ts";
import { overlappingTexts } from "./overlap.ts";
import type { Member } from "./types.ts";

/**
 * The best candidates from different places of the program, so that no single place (a library inside, what somebody put in) carries
 * the rule.
 */
export function chooseSpread(
  candidates: readonly FamilyCandidate[],
  wanted: number,
  taken: readonly FamilyCandidate[] = [],
): FamilyCandidate[] {
  const ordered = [...candidates].sort((a, b) => a.at - b.at);
  const zones = Math.max(1, Math.min(wanted, ordered.length));
  const queues: FamilyCandidate[][] = Array.from({ length: zones }, () => []);
  for (const [i, each] of ordered.entries()) queues[Math.floor((i * zones) / ordered.length)]!.push(each);
  for (const queue of queues) queue.sort((a, b) => b.worth - a.worth);
  const chosen: FamilyCandidate[] = [];
  while (chosen.length < wanted) {
    const heads = queues.filter((queue) => queue.length > 0).sort((a, b) => b[0]!.worth - a[0]!.worth);
    if (heads.length === 0) break;
    for (const queue of heads) {
      const next = queue.shift()!;
      const isNew = ![...chosen, ...taken].some((other) => overlappingTexts(other.hex, next.hex));
      if (chosen.length < wanted && isNew) chosen.push(next);
    }
  }
  return chosen.sort((a, b) => a.at - b.at);
}

/** Share of the strings that a file of the family must hold, at most and at least. */
const MOST = 0.85;
const FLOOR = 0.5;
/** One sample shows nothing of what changes; what is asked lies in between. */
const SINGLE = 0.5;
/** Part of what a held-out build kept that an unseen one is expected to keep. */
const SLACK = 0.9;

/**
 * How many of the strings a file must hold: each member in turn is held out, strings are chosen from what the others share, and the
 * worst share that a held-out member keeps, less some slack, is what is asked of unseen ones.
 */
export function neededOf(
  chosen: readonly FamilyCandidate[],
  candidates: readonly FamilyCandidate[],
  members: readonly Member[],
): number {
  const least = Math.max(2, Math.ceil(FLOOR * chosen.length));
  if (members.length === 1) return Math.max(least, Math.round(SINGLE * chosen.length));
  const shares = members.map((held) => {
    const others = candidates.filter(
      ({ holders }) => holders.size - (holders.has(held) ? 1 : 0) >= enoughHolders(members.length - 1),
    );
    return share(chooseSpread(others, chosen.length), held);
  });
  const worst = Math.min(...shares, ...members.map((each) => share(chosen, each)));
  return Math.max(
    least,
    Math.min(Math.floor(MOST * chosen.length), Math.floor(SLACK * worst * chosen.length)),
  );
}

function share(chosen: readonly FamilyCandidate[], member: Member): number {
  return chosen.filter(({ holders }) => holders.has(member)).length / Math.max(1, chosen.length);
}
