import type { Family, FileType } from "@thymus/contracts";
import type { InfectedPair, InfectionAnalysis } from "../infection/analysis.ts";
import type { Specimen } from "../infection/specimen.ts";
import { type Candidate, candidateBytes, occursIn } from "./candidate.ts";
import { STRONG } from "./candidates.ts";
import { type Cells, findCells } from "./cells.ts";
import { needed, ruleText } from "./rule-text.ts";
import { selectStrings } from "./select.ts";
import type { Self } from "./self.ts";

/** A rule for infections of files stays this small in bytes: one that needs more has too many forms to be sound. */
const GOOD_RULE_BYTES = 1024;

export interface DeriveOptions {
  readonly analysis: InfectionAnalysis;
  readonly specimens: readonly Specimen[];
  readonly sample: { readonly bytes: Uint8Array; readonly type: FileType };
  readonly corpus: Self;
  readonly family: Family | string;
  readonly signal?: AbortSignal;
}

export interface DerivedRule {
  readonly rule: string;
  readonly scope: FileType[];
  /** The strings without wild cards, as bytes; `inferRepairs` likes to hold on to them. */
  readonly strings: Uint8Array[];
  /** ln p by the model of self, a string each. */
  readonly logProbability: number[];
  readonly candidates: { readonly considered: number; readonly vetoed: number };
  readonly scanned: { readonly files: number; readonly bytes: number };
  readonly seconds: number;
}

export interface NoRule {
  readonly gaveUp: { readonly code: "NO_CONSTANT_PART" | "NO_SOUND_RULE"; readonly why: string };
}

/**
 * A rule that finds every infected specimen, no clean one, and none of whose strings is in any file of self; or why there is none.
 */
export async function deriveRule(options: DeriveOptions): Promise<DerivedRule | NoRule> {
  const first = await attempt(options, false);
  if ("rule" in first || first.gaveUp.code === "NO_CONSTANT_PART") return first;
  const second = await attempt(options, true);
  return "rule" in second ? second : first;
}

async function attempt(options: DeriveOptions, finest: boolean): Promise<DerivedRule | NoRule> {
  const started = performance.now();
  const { analysis, sample, corpus, family } = options;
  const pairs = analysis.groups.flatMap((group) => group.pairs);
  if (pairs.length === 0) return none("NO_CONSTANT_PART", "no decoy was infected");
  const found = findCells(analysis, sample.bytes, corpus, finest);
  const refusal = refuseCells(found, pairs.length);
  if (refusal !== null) return refusal;
  const clean = [
    ...new Set([...options.specimens, ...pairs.map((pair) => pair.specimen)].map(({ before }) => before)),
  ];
  const selection = await selectStrings(found.cells, clean, corpus, options.signal);
  const empty = selection.chosen.findIndex((strings) => strings.length === 0);
  if (empty >= 0) {
    const files = found.cells[empty]!.pairs.length;
    return none(
      "NO_SOUND_RULE",
      `the constant part of ${files} of ${pairs.length} infected files is too short or too common: ` +
        `${selection.vetoed} of ${selection.considered} strings tried are in clean files`,
    );
  }
  const strings = fit(family, selection.chosen);
  if (strings === null) {
    return none("NO_SOUND_RULE", `the infection has too many forms for a rule of ${GOOD_RULE_BYTES} bytes`);
  }
  const fault = selfTest(strings, pairs, clean);
  if (fault !== null) return none("NO_SOUND_RULE", fault);
  const types = new Set(pairs.map((pair) => pair.afterType));
  if (matches(strings, sample.bytes)) types.add(sample.type);
  const flat = strings.flat();
  return {
    rule: ruleText(family, strings),
    scope: [...types].sort(),
    strings: flat.map(candidateBytes).filter((bytes) => bytes !== null),
    logProbability: flat.map(({ logProbability }) => logProbability),
    candidates: { considered: selection.considered, vetoed: selection.vetoed },
    scanned: selection.scanned,
    seconds: (performance.now() - started) / 1000,
  };
}

function refuseCells({ cells, alone }: Cells, total: number): NoRule | null {
  if (cells.length === 0) {
    return none(
      "NO_CONSTANT_PART",
      `${total} infected files share no run of bytes that belongs to the infection and could be told from other files`,
    );
  }
  if (alone.length === 0) return null;
  return none(
    "NO_SOUND_RULE",
    `a constant part was found in ${total - alone.length} of ${total} infected files only; a rule would miss the others`,
  );
}

/** Fewer strings a cell until the rule is small enough. */
function fit(family: string, cells: readonly Candidate[][]): Candidate[][] | null {
  for (const most of [3, 2, 1]) {
    const trimmed = cells.map((cell) => (isWeak(cell) ? cell : cell.slice(0, most)));
    if (Buffer.byteLength(ruleText(family, trimmed)) <= GOOD_RULE_BYTES) return trimmed;
  }
  return null;
}

/** Weak strings were judged together: none may be left out. */
function isWeak(cell: readonly Candidate[]): boolean {
  return cell.some(({ logProbability }) => logProbability > STRONG);
}

function matches(cells: readonly (readonly Candidate[])[], bytes: Uint8Array): boolean {
  return cells.some((cell) => cell.filter((candidate) => occursIn(candidate, bytes)).length >= needed(cell));
}

function selfTest(
  cells: readonly (readonly Candidate[])[],
  pairs: readonly InfectedPair[],
  clean: readonly Uint8Array[],
): string | null {
  const missed = pairs.filter(({ specimen }) => !matches(cells, specimen.after)).length;
  if (missed > 0) return `the best rule would miss ${missed} of ${pairs.length} infected files`;
  const wrong = clean.filter((bytes) => matches(cells, bytes)).length;
  return wrong > 0 ? `the best rule would match ${wrong} clean files` : null;
}

function none(code: NoRule["gaveUp"]["code"], why: string): NoRule {
  return { gaveUp: { code, why } };
}
