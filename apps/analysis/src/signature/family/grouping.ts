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
  const likeness = new Likeness(own);
  let left = [...members];
  while (left.length > 0) {
    const centre = centreOf(left, likeness);
    const near = left.filter((each) => each === centre || likeness.areAlike(each, centre));
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

/** What pairs of members share; each pair is compared once. */
class Likeness {
  readonly #own: ReadonlyMap<Member, ReadonlySet<string>>;
  readonly #shared = new Map<Member, Map<Member, number>>();

  constructor(own: ReadonlyMap<Member, ReadonlySet<string>>) {
    this.#own = own;
  }

  common(a: Member, b: Member): number {
    const known = this.#shared.get(a)?.get(b) ?? this.#shared.get(b)?.get(a);
    if (known !== undefined) return known;
    const common = shared(this.#own.get(a)!, this.#own.get(b)!);
    const row = this.#shared.get(a) ?? new Map<Member, number>();
    this.#shared.set(a, row.set(b, common));
    return common;
  }

  areAlike(a: Member, b: Member): boolean {
    const common = this.common(a, b);
    return common >= MIN_SHARED && common >= ALIKE * Math.min(this.#own.get(a)!.size, this.#own.get(b)!.size);
  }
}

function centreOf(members: readonly Member[], likeness: Likeness): Member {
  const scores = members.map((each) => {
    const near = members.filter((other) => other !== each && likeness.areAlike(each, other));
    const common = near.reduce((sum, other) => sum + likeness.common(each, other), 0);
    return near.length + common / (1 + common);
  });
  return members[scores.indexOf(Math.max(...scores))]!;
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
