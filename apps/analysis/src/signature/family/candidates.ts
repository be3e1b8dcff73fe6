import { fragility, wordiness } from "./durability.ts";
import type { Group } from "./grouping.ts";
import { type Knowledge, MIN_OWN } from "./knowledge.ts";
import type { Member } from "./types.ts";

/** A run of bytes that could stand in a rule. */
export interface FamilyCandidate {
  /** Lower-case hex, `??` where a byte varies. */
  readonly hex: string;
  readonly kind: "text" | "data" | "code";
  /** It lies in a table of symbol names. */
  readonly isName: boolean;
  /** Offset in the reference member: which part of the program it is from. */
  readonly at: number;
  readonly logProbability: number;
  /** Worth in nats: improbability in goodware less the likelihood that another version lacks it. */
  readonly worth: number;
  /** Members of the group that hold it. */
  readonly holders: ReadonlySet<Member>;
}

/** Longest excerpt of a text; longer ones cost room and die with any change of a word. */
const EXCERPT = 36;
/** Beyond this, more improbability says nothing more. */
const ENOUGH = 130;
/** Texts that are weighed at most. */
const MAX_WEIGHED = 1200;
const ZONES = 24;
const LEAST_WORTH = 45;
/** Runs with fewer letters are tables, or machine code by chance. */
const LEAST_WORDS = 0.6;

/** Share of a group's members that hold a candidate at least. */
export function enoughHolders(members: number): number {
  return members < 4 ? members : Math.ceil(0.8 * members);
}

/** Texts of their own that all or nearly all members hold, best first. */
export function textCandidates(
  group: Group,
  own: ReadonlyMap<Member, ReadonlySet<string>>,
  knowledge: Knowledge,
): FamilyCandidate[] {
  const holders = new Map<string, Set<Member>>();
  for (const member of group.members) {
    for (const text of own.get(member)!) {
      const known = holders.get(text);
      if (known === undefined) holders.set(text, new Set([member]));
      else known.add(member);
    }
  }
  const least = enoughHolders(group.members.length);
  const reference = referenceOf(group);
  const places = reference.features.strings;
  const names = reference.features.structure?.names ?? [];
  const code = reference.features.structure?.code ?? [];
  const common = [...holders]
    .filter(([, found]) => found.size >= least)
    .map(([text, found]) => ({
      text,
      holders: found,
      at: places.get(text) ?? placeElsewhere(text, found, reference),
      cheap: cheapWorth(text),
    }))
    .filter(({ cheap, text }) => cheap > 0 && wordiness(text) >= LEAST_WORDS)
    .filter(({ at }) => !within(code, at));
  const candidates: FamilyCandidate[] = [];
  for (const { text, holders: found, at } of thinned(common)) {
    const best = bestExcerpt(text, knowledge);
    if (best === null) continue;
    const missing = group.members.length - found.size;
    const worth = best.worth - (40 * missing) / group.members.length;
    if (worth < LEAST_WORTH) continue;
    candidates.push({
      hex: best.hex,
      kind: "text",
      isName: within(names, at),
      at,
      logProbability: best.log,
      worth,
      holders: found,
    });
  }
  return candidates.sort((a, b) => b.worth - a.worth || (a.hex < b.hex ? -1 : 1));
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

function cheapWorth(text: string): number {
  return Math.min(text.length, EXCERPT) * 2.5 * (0.3 + wordiness(text)) - fragility(text);
}

interface Weighable {
  readonly at: number;
  readonly cheap: number;
}

/** The best of each part of the program where there are too many. */
function thinned<T extends Weighable>(all: readonly T[]): T[] {
  if (all.length <= MAX_WEIGHED) return [...all];
  const ordered = [...all].sort((a, b) => a.at - b.at);
  const size = Math.ceil(ordered.length / ZONES);
  return Array.from({ length: ZONES }, (_, zone) =>
    ordered
      .slice(zone * size, (zone + 1) * size)
      .sort((a, b) => b.cheap - a.cheap)
      .slice(0, MAX_WEIGHED / ZONES),
  ).flat();
}

/** The part of a text that serves best; null where every part of it stands in self. */
function bestExcerpt(text: string, knowledge: Knowledge): { hex: string; log: number; worth: number } | null {
  let best: { hex: string; log: number; worth: number } | null = null;
  for (const part of excerpts(text)) {
    if (!knowledge.isOwn(part)) continue;
    const log = knowledge.logProbability(part);
    const worth = Math.min(-log, ENOUGH) - fragility(part) + 20 * wordiness(part);
    if (best === null || worth > best.worth) {
      best = { hex: Buffer.from(part, "latin1").toString("hex"), log, worth };
    }
  }
  return best;
}

/** The whole of a short text; of a longer one some parts that begin with a word. */
function excerpts(text: string): string[] {
  if (text.length <= EXCERPT || text.includes("\0")) return [text.slice(0, 2 * EXCERPT)];
  const starts = [0];
  for (let at = 1; at + EXCERPT / 2 < text.length; at++) {
    if (text[at - 1] === " " && text[at] !== " ") starts.push(at);
  }
  const step = Math.max(1, Math.ceil(starts.length / 5));
  const parts = starts.filter((_, i) => i % step === 0).map((at) => text.slice(at, at + EXCERPT).trim());
  return [...new Set(parts)].filter((part) => part.length >= MIN_OWN);
}
