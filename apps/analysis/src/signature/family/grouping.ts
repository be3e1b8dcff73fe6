import type { Knowledge } from "./knowledge.ts";
import { isRuntimeText } from "./runtime-texts.ts";
import type { Member } from "./types.ts";

/** Members that share so much of their own that they are one family, and the texts that they share. */
export interface Group {
  readonly members: readonly Member[];
}

/** Share of the smaller one's own texts that two members of a family have in common at least. */
const ALIKE = 0.2;
/** Texts that they share at least: less is chance. */
const MIN_SHARED = 4;
/** A member holds so much of what most of its group share, or most of what it has of its own is theirs (a smaller build). */
const CORE_HELD = 0.5;

/**
 * Parts members by what they share of their own: what self holds and what runtimes leave says nothing. Each group grows around the
 * member that is most like the others, so that a file which holds parts of two families does not join them.
 */
export function groupMembers(
  members: readonly Member[],
  own: ReadonlyMap<Member, ReadonlySet<string>>,
): Group[] {
  const groups: Group[] = [];
  let left = [...members];
  while (left.length > 0) {
    const centre = centreOf(left, own);
    const near = left.filter((each) => each === centre || areAlike(own.get(each)!, own.get(centre)!));
    const kept = holdCore(near, centre, own);
    groups.push({ members: kept });
    left = left.filter((each) => !kept.includes(each));
  }
  return groups.sort((a, b) => b.members.length - a.members.length);
}

/** Own texts of a member: long enough, in no file of self, of no runtime. */
export function ownTexts(member: Member, knowledge: Knowledge): Set<string> {
  const own = new Set<string>();
  for (const text of member.features.strings.keys()) {
    if (knowledge.isOwn(text) && !isRuntimeText(text)) own.add(text);
  }
  return own;
}

export function shared(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const [small, large] = a.size < b.size ? [a, b] : [b, a];
  let count = 0;
  for (const text of small) if (large.has(text)) count++;
  return count;
}

function areAlike(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const common = shared(a, b);
  return common >= MIN_SHARED && common >= ALIKE * Math.min(a.size, b.size);
}

function centreOf(members: readonly Member[], own: ReadonlyMap<Member, ReadonlySet<string>>): Member {
  const likeness = members.map((each) => {
    const near = members.filter((other) => other !== each && areAlike(own.get(each)!, own.get(other)!));
    const common = near.reduce((sum, other) => sum + shared(own.get(each)!, own.get(other)!), 0);
    return near.length + common / (1 + common);
  });
  return members[likeness.indexOf(Math.max(...likeness))]!;
}

function heldShare(core: ReadonlySet<string>, own: ReadonlySet<string>): number {
  return shared(core, own) / Math.max(1, Math.min(core.size, own.size));
}

/** Drops those that hold less than half of what most others share; the centre always stays. */
function holdCore(
  near: readonly Member[],
  centre: Member,
  own: ReadonlyMap<Member, ReadonlySet<string>>,
): Member[] {
  let kept = [...near];
  for (;;) {
    if (kept.length < 3) return kept;
    const core = coreOf(kept, own);
    const worst = kept
      .filter((each) => each !== centre)
      .map((each) => ({ each, held: heldShare(core, own.get(each)!) }))
      .sort((a, b) => a.held - b.held)[0]!;
    if (worst.held >= CORE_HELD) return kept;
    kept = kept.filter((each) => each !== worst.each);
  }
}

function coreOf(members: readonly Member[], own: ReadonlyMap<Member, ReadonlySet<string>>): Set<string> {
  const counts = new Map<string, number>();
  for (const member of members) {
    for (const text of own.get(member)!) counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const most = Math.max(2, Math.ceil(0.6 * members.length));
  return new Set([...counts].filter(([, count]) => count >= most).map(([text]) => text));
}
