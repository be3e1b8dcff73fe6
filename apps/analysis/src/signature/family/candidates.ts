import { fragility, wordiness } from "./durability.ts";
import type { Group } from "./grouping.ts";
import { hexOf, type Knowledge, MIN_OWN } from "./knowledge.ts";
import { isRuntimeText } from "./runtime-texts.ts";
import type { Member } from "./types.ts";

/** A run of bytes that could stand in a rule. */
export interface FamilyCandidate {
  /** Lower-case hex, `??` where a byte varies. */
  readonly hex: string;
  /** No file of self holds it. What self holds serves only besides what it does not. */
  readonly isOwn: boolean;
  /** Offset in the reference member: which part of the program it is from. */
  readonly at: number;
  readonly logProbability: number;
  /** Worth in nats: improbability in goodware less the likelihood that another version lacks it. */
  readonly worth: number;
  /** Members of the group that hold it. */
  readonly holders: ReadonlySet<Member>;
}

export interface Candidates {
  /** Texts of the family's own. */
  readonly own: readonly FamilyCandidate[];
  /**
   * Texts from the head of the program's data. A linker puts a program's own objects first and what it takes from libraries behind
   * them, so these are surely not a library's.
   */
  readonly head: readonly FamilyCandidate[];
}

/** Longest excerpt of a text; longer ones cost room and die with any change of a word. */
const EXCERPT = 26;
/** Beyond this, more improbability says nothing more. */
const ENOUGH = 100;
/** Texts that are weighed at most. */
const MAX_WEIGHED = 1200;
const ZONES = 24;
const LEAST_WORTH = 45;
/** A text of the head may be a goodware's too, but no everyday word. */
const LEAST_HEAD_WORTH = 25;
/** A text of the family's own is worth so much more than one that self holds. */
const OWN_BONUS = 25;
/** Runs with fewer letters are tables, or machine code by chance. */
const LEAST_WORDS = 0.5;
/** Share of the texts that count as the head, and from how many texts on there is one. */
const HEAD = 0.1;
const MIN_TEXTS = 40;

/** So many members of a group hold a candidate at least. */
export function enoughHolders(members: number): number {
  return members < 4 ? members : Math.ceil(0.8 * members);
}

interface CommonText {
  readonly text: string;
  readonly at: number;
  readonly holders: ReadonlySet<Member>;
  /** It lies in a table of symbol names. */
  readonly isName: boolean;
}

/** What all or nearly all members hold. */
export function textCandidates(
  group: Group,
  own: ReadonlyMap<Member, ReadonlySet<string>>,
  knowledge: Knowledge,
): Candidates {
  const common = commonTexts(group).filter(({ text }) => !knowledge.isWarned(text));
  const isOwn = ({ text, holders }: CommonText) => own.get([...holders][0]!)!.has(text);
  const data = common.filter(({ isName }) => !isName).sort((a, b) => a.at - b.at);
  const headSize = data.length < MIN_TEXTS ? 0 : Math.ceil(HEAD * data.length);
  const head = data
    .slice(0, headSize)
    .filter((each) => !isRuntimeText(each.text) && (isOwn(each) || !knowledge.isSharedText(each.text)));
  return {
    own: thinned(common.filter(isOwn))
      .flatMap((each) => weigh(each, group, knowledge, true) ?? [])
      .filter(({ worth }) => worth >= LEAST_WORTH),
    head: thinned(head)
      .flatMap((each) => weigh(each, group, knowledge, isOwn(each)) ?? [])
      .filter(({ worth, isOwn: mine }) => worth >= (mine ? LEAST_WORTH : LEAST_HEAD_WORTH)),
  };
}

function commonTexts(group: Group): CommonText[] {
  const reference = referenceOf(group);
  const { strings, structure } = reference.features;
  const holders = new Map<string, Set<Member>>();
  for (const member of group.members) {
    for (const text of member.features.strings.keys()) {
      const known = holders.get(text);
      if (known === undefined) holders.set(text, new Set([member]));
      else known.add(member);
    }
  }
  const least = enoughHolders(group.members.length);
  return [...holders]
    .filter(
      ([text, found]) =>
        found.size >= least && wordiness(text) >= LEAST_WORDS && cheapWorth(text, found.size) > 0,
    )
    .map(([text, found]) => {
      const at = strings.get(text) ?? placeElsewhere(text, found, reference);
      return { text, holders: found, at, isName: within(structure?.names ?? [], at) };
    })
    .filter(({ at }) => !within(structure?.code ?? [], at));
}

/** The member with the fewest texts: it holds nearly all that is common. */
function referenceOf(group: Group): Member {
  return group.members.reduce((a, b) => (b.features.strings.size < a.features.strings.size ? b : a));
}

/** Where a text would lie in the reference, by where it lies in a member that holds it. */
function placeElsewhere(text: string, holders: ReadonlySet<Member>, reference: Member): number {
  const [holder] = holders;
  const { strings, size } = holder!.features;
  return Math.floor(((strings.get(text) ?? 0) / size) * reference.features.size);
}

function within(ranges: readonly { readonly start: number; readonly end: number }[], at: number): boolean {
  return ranges.some(({ start, end }) => at >= start && at < end);
}

function cheapWorth(text: string, witnesses: number): number {
  return Math.min(text.length, EXCERPT) * 2.5 * (0.3 + wordiness(text)) - fragility(text, witnesses);
}

/** The best of each part of the program where there are too many. */
function thinned(all: readonly CommonText[]): CommonText[] {
  if (all.length <= MAX_WEIGHED) return [...all];
  const ordered = [...all].sort((a, b) => a.at - b.at);
  const size = Math.ceil(ordered.length / ZONES);
  return Array.from({ length: ZONES }, (_, zone) =>
    ordered
      .slice(zone * size, (zone + 1) * size)
      .map((each) => ({ each, cheap: cheapWorth(each.text, each.holders.size) }))
      .sort((a, b) => b.cheap - a.cheap)
      .slice(0, MAX_WEIGHED / ZONES)
      .map(({ each }) => each),
  ).flat();
}

/** The part of a text that serves best; null where it is to be the family's own and every part of it stands in self. */
function weigh(
  { text, at, holders }: CommonText,
  group: Group,
  knowledge: Knowledge,
  mustBeOwn: boolean,
): FamilyCandidate | null {
  const missing = (40 * (group.members.length - holders.size)) / group.members.length;
  let best: FamilyCandidate | null = null;
  for (const part of excerpts(text)) {
    if (mustBeOwn && !knowledge.isOwn(part)) continue;
    const logProbability = knowledge.logProbability(part);
    const worth =
      Math.min(-logProbability, ENOUGH) -
      fragility(part, holders.size) +
      20 * wordiness(part) -
      missing -
      (mustBeOwn ? 0 : OWN_BONUS);
    if (best === null || worth > best.worth) {
      best = { hex: hexOf(part), isOwn: mustBeOwn, at, logProbability, worth, holders };
    }
  }
  return best;
}

/** The whole of a short text; of a longer one some parts that begin with a word. */
function excerpts(text: string): string[] {
  if (text.includes("\0")) return [text.slice(0, 2 * EXCERPT)];
  if (text.length <= EXCERPT) return [text];
  const starts = [0];
  for (let at = 1; at + (2 * EXCERPT) / 3 < text.length; at++) {
    if (/[\s;:/]/.test(text[at - 1]!) && !/\s/.test(text[at]!)) starts.push(at);
  }
  const step = Math.max(1, Math.ceil(starts.length / 6));
  const parts = starts.filter((_, i) => i % step === 0).map((at) => text.slice(at, at + EXCERPT).trim());
  return [...new Set(parts)].filter((part) => part.length >= MIN_OWN);
}
