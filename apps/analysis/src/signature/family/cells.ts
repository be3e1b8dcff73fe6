import type { NoRule } from "../derive.ts";
import { type Candidates, type FamilyCandidate, textCandidates } from "./candidates.ts";
import { chooseSpread } from "./choose.ts";
import { codeOf, codePart, hasOwnCode } from "./code-parts.ts";
import { type Group, groupMembers, ownTexts } from "./grouping.ts";
import { importPart } from "./imports.ts";
import type { Knowledge } from "./knowledge.ts";
import { chooseParts, LEAST, type Part } from "./parts.ts";
import { type Member, noRule } from "./types.ts";

/** A group and what tells it from everything else. */
export interface Cell {
  readonly group: Group;
  readonly parts: readonly Part[];
}

/** Share of the samples from which on a group has a part of the rule; fewer could be sent to teach a bad one. */
const MIN_SHARE = 0.3;
/** Candidates of a group that one scan of self judges. */
const MAX_SCANNED = 96;

/**
 * The groups of members that share enough of their own, each with its strings.
 * @param all number of samples, packed ones too
 */
export async function textCells(
  members: readonly Member[],
  all: number,
  knowledge: Knowledge,
  signal: AbortSignal | undefined,
): Promise<Cell[] | NoRule> {
  const own = new Map(members.map((each) => [each, ownTexts(each, knowledge)]));
  const groups = groupMembers(members, own).filter((group) => hasWeight(group, all));
  if (groups.length === 0) {
    return noRule(
      "NO_CONSTANT_PART",
      `${all} samples share nothing of their own: what they have in common stands in goodware too`,
    );
  }
  const cells: Cell[] = [];
  let refusal: NoRule | null = null;
  for (const group of groups) {
    const cell = await cellOf(group, own, knowledge, signal);
    if ("gaveUp" in cell) refusal ??= cell;
    else cells.push(cell);
  }
  return cells.length > 0 ? cells : refusal!;
}

/** The same by machine code, for members that show too few texts. */
export async function codeCells(
  members: readonly Member[],
  all: number,
  knowledge: Knowledge,
  signal: AbortSignal | undefined,
): Promise<Cell[]> {
  const able = members.filter(hasOwnCode);
  const groups = groupMembers(able, new Map(able.map((each) => [each, codeOf(each)])));
  const cells: Cell[] = [];
  for (const group of groups.filter((each) => hasWeight(each, all))) {
    const part = await codePart(group, knowledge, signal);
    if (part !== null) cells.push({ group, parts: [part] });
  }
  return cells;
}

function hasWeight(group: Group, all: number): boolean {
  if (all === 1) return true;
  return group.members.length >= 2 && group.members.length >= MIN_SHARE * all;
}

async function cellOf(
  group: Group,
  own: ReadonlyMap<Member, ReadonlySet<string>>,
  knowledge: Knowledge,
  signal: AbortSignal | undefined,
): Promise<Cell | NoRule> {
  const candidates = await proved(textCandidates(group, own, knowledge), knowledge, signal);
  const parts = chooseParts(candidates, group.members);
  if (parts !== null) return { group, parts: [...parts, importPart(group, knowledge) ?? []].flat() };
  return noRule(
    "NO_SOUND_RULE",
    `what ${group.members.length} samples share of their own is too little or too common for a rule: ` +
      `${candidates.own.length} strings, of which ${LEAST} from different parts are needed`,
  );
}

/** Without an index of self, statistics alone spoke for the candidates so far: a scan tells which of them stand. */
async function proved(
  candidates: Candidates,
  knowledge: Knowledge,
  signal: AbortSignal | undefined,
): Promise<Candidates> {
  if (knowledge.isExact) return candidates;
  const pool = chooseSpread(candidates.own, MAX_SCANNED);
  const head = chooseSpread(
    candidates.head.filter(({ isOwn }) => isOwn),
    MAX_SCANNED,
  );
  const standing = await knowledge.standing([...new Set([...pool, ...head].map(({ hex }) => hex))], signal);
  const stands = ({ hex }: FamilyCandidate) => standing.has(hex);
  return { own: pool.filter(stands), head: head.filter(stands) };
}
