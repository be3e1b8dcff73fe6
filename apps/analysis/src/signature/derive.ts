import type { Family, FileType } from "@thymus/contracts";
import type { InfectedPair, InfectionAnalysis } from "../infection/analysis.ts";
import { type Specimen, typeFamily } from "../infection/specimen.ts";
import { type Candidate, candidateBytes } from "./candidate.ts";
import { STRONG } from "./candidates.ts";
import { type Cells, findCells } from "./cells.ts";
import { type Clause, clausesRule, fittingClauses, Trial } from "./clause.ts";
import { findForm } from "./forms/index.ts";
import { needed, stringText } from "./rule-text.ts";
import { selectStrings } from "./select.ts";
import type { Scanning, Self } from "./self.ts";

/** A rule for infections of files stays this small in bytes: one that needs more has too many forms to be sound. */
const GOOD_RULE_BYTES = 1024;
/** One that rests on no constant run may be longer: its strings are patterns. */
const FORM_RULE_BYTES = 2048;

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
  /** What each part of the rule rests on: `constant`, `wild cards`, `xor` ... */
  readonly forms?: string[];
  /** ln p by the model of self, a string each. */
  readonly logProbability: number[];
  readonly candidates: { readonly considered: number; readonly vetoed: number };
  readonly scanned: { readonly files: number; readonly bytes: number };
  readonly seconds: number;
}

export interface NoRule {
  readonly gaveUp: { readonly code: "NO_CONSTANT_PART" | "NO_SOUND_RULE"; readonly why: string };
}

interface Found {
  readonly clauses: readonly Clause[];
  readonly considered: number;
  readonly vetoed: number;
  readonly scanned: { readonly files: number; readonly bytes: number };
}

/** What all attempts of one derivation share. */
interface Work extends DeriveOptions {
  readonly pairs: readonly InfectedPair[];
  readonly clean: readonly Uint8Array[];
  /** Types in which the rule may count, and so those of self that are scanned; the proof scans all of it. */
  readonly scanning: Scanning;
  /** By hex: whether a string stood the veto of self. */
  readonly verdicts: Map<string, boolean>;
}

/**
 * A rule that finds every infected specimen, no clean one, and fits no file of self; or why there is none. First by constant runs
 * of bytes; where there are none, by the forms that polymorphism leaves (see `forms/`), each checked on files kept back.
 */
export async function deriveRule(options: DeriveOptions): Promise<DerivedRule | NoRule> {
  const started = performance.now();
  const pairs = options.analysis.groups.flatMap((group) => group.pairs);
  if (pairs.length === 0) return none("NO_CONSTANT_PART", "no decoy was infected");
  const clean = [
    ...new Set([...options.specimens, ...pairs.map((pair) => pair.specimen)].map(({ before }) => before)),
  ];
  const scope = [...new Set([...pairs.map(({ afterType }) => afterType), options.sample.type])];
  const scanning = { scope, ...(options.signal && { signal: options.signal }) };
  const work: Work = { ...options, pairs, clean, scanning, verdicts: new Map() };
  let refusal: NoRule | null = null;
  for (const attempt of attempts) {
    options.signal?.throwIfAborted();
    const found = await attempt(work);
    const finished = "gaveUp" in found ? found : await finish(work, found, started);
    if ("rule" in finished) return finished;
    // The last attempt by constant runs knows best what is missing.
    if (refusal === null || finished.gaveUp.code !== "NO_CONSTANT_PART" || attempt === byParting)
      refusal = finished;
  }
  return refusal!;
}

const byConstants = (work: Work) => constantRuns(work, false, false);
const byParting = (work: Work) => constantRuns(work, false, true);
const byFinest = (work: Work) => constantRuns(work, true, true);
/** In this order: cutting the files into small sets comes last, since in small sets anything may be equal by chance. */
const attempts: readonly ((work: Work) => Promise<Found | NoRule>)[] = [
  byConstants,
  byForms,
  byParting,
  byFinest,
];

async function constantRuns(work: Work, finest: boolean, split: boolean): Promise<Found | NoRule> {
  const { analysis, sample, corpus, pairs } = work;
  const found = findCells(analysis, sample.bytes, corpus, { finest, split });
  const refusal = refuseCells(found, pairs.length);
  if (refusal !== null) return refusal;
  const { chosen, ...figures } = await selectStrings(found.cells, corpus, work);
  const empty = chosen.findIndex((strings) => strings.length === 0);
  if (empty >= 0) {
    const files = found.cells[empty]!.pairs.length;
    return none(
      "NO_SOUND_RULE",
      `the constant part of ${files} of ${pairs.length} infected files is too short or too common: ` +
        `${figures.vetoed} of ${figures.considered} strings tried are in clean files`,
    );
  }
  for (const most of [3, 2, 1]) {
    const clauses = chosen.map((cell) => constantClause(isWeak(cell) ? cell : cell.slice(0, most)));
    if (ruleBytes(work, clauses) <= GOOD_RULE_BYTES) return { clauses, ...figures };
  }
  return none("NO_SOUND_RULE", `the infection has too many forms for a rule of ${GOOD_RULE_BYTES} bytes`);
}

function constantClause(cell: readonly Candidate[]): Clause {
  const strings = cell.map((candidate) => {
    const bytes = candidateBytes(candidate);
    const text = stringText(candidate.hex);
    return { text, logProbability: candidate.logProbability, ...(bytes !== null && { bytes }) };
  });
  const logProbability = Math.min(...strings.map((string) => string.logProbability));
  return { form: "constant", strings, needed: needed(cell), condition: null, logProbability };
}

/** Weak strings were judged together: none may be left out. */
function isWeak(cell: readonly Candidate[]): boolean {
  return cell.some(({ logProbability }) => logProbability > STRONG);
}

const partings: ((pair: InfectedPair) => string)[] = [
  () => "",
  ({ specimen }) => typeFamily(specimen.type),
  ({ afterType }) => afterType,
  ({ mechanism }) => mechanism,
];

/** One clause for all files, else one for each kind of host, else for each type, else for each place. */
async function byForms(work: Work): Promise<Found | NoRule> {
  const unsteady = new Set<string>();
  let [considered, vetoed] = [0, 0];
  let scanned = { files: 0, bytes: 0 };
  const solve = async (pairs: readonly InfectedPair[], level: number): Promise<Clause[] | null> => {
    const found = await findForm(pairs, work.clean, work.corpus, work.scanning);
    for (const form of found.unsteady) unsteady.add(form);
    considered += found.considered;
    vetoed += found.vetoed;
    if (found.scanned.files > 0) scanned = found.scanned;
    if (found.standing !== null) return [found.standing];
    for (let next = level + 1; next < partings.length; next++) {
      const parts = [...Map.groupBy(pairs, partings[next]!).values()];
      if (parts.length === 1) continue;
      const clauses: Clause[] = [];
      for (const part of parts) {
        const solved = (await constantPart(work, part)) ?? (await solve(part, next));
        if (solved === null) return null;
        clauses.push(...solved);
      }
      return clauses;
    }
    return null;
  };
  const clauses = await solve(work.pairs, 0);
  if (clauses !== null && ruleBytes(work, clauses) <= FORM_RULE_BYTES)
    return { clauses, considered, vetoed, scanned };
  if (unsteady.size > 0) {
    const names = [...unsteady].join(", ");
    return none(
      "NO_SOUND_RULE",
      `what infected files share (${names}) does not hold for files that were kept back`,
    );
  }
  if (vetoed > 0) {
    return none(
      "NO_SOUND_RULE",
      `what infected files share is in clean files too: ${vetoed} of ${considered} tried`,
    );
  }
  return none(
    "NO_CONSTANT_PART",
    "nothing of what was inserted is the same in all infected files, in no form known",
  );
}

/** Some kinds of hosts may hold constant runs where others hold none. */
async function constantPart(work: Work, pairs: readonly InfectedPair[]): Promise<Clause[] | null> {
  const kept = new Set(pairs);
  const groups = work.analysis.groups.flatMap((group) => {
    const some = group.pairs.filter((pair) => kept.has(pair));
    return some.length === 0 ? [] : [{ ...group, pairs: some }];
  });
  const found = await constantRuns({ ...work, pairs, analysis: { ...work.analysis, groups } }, false, false);
  return "gaveUp" in found ? null : [...found.clauses];
}

const ruleBytes = ({ family }: Work, clauses: readonly Clause[]) =>
  Buffer.byteLength(clausesRule(family, clauses));

/** The rule, where the engine that scans machines finds every infected file by it and no clean one. */
async function finish(work: Work, found: Found, started: number): Promise<DerivedRule | NoRule> {
  const { clauses, considered, vetoed, scanned } = found;
  const fault = await selfTest(clauses, work);
  if (fault !== null) return none("NO_SOUND_RULE", fault);
  const types = new Set(work.pairs.map((pair) => pair.afterType));
  const inSample = await Promise.all(clauses.map((clause) => fits(clause, work.sample.bytes)));
  if (inSample.includes(true)) types.add(work.sample.type);
  const flat = clauses.flatMap(({ strings }) => strings);
  return {
    rule: clausesRule(work.family, clauses, [...types].every(isElfType)),
    scope: [...types].sort(),
    strings: flat.flatMap(({ bytes }) => (bytes === undefined ? [] : [bytes])),
    forms: clauses.map(({ form }) => form),
    logProbability: flat.map(({ logProbability }) => logProbability),
    candidates: { considered, vetoed },
    scanned,
    seconds: (performance.now() - started) / 1000,
  };
}

const isElfType = (type: FileType) => type === "elf32" || type === "elf64";

const fits = async (clause: Clause, bytes: Uint8Array) =>
  (await fittingClauses([clause], [bytes], [])).length > 0;

async function selfTest(clauses: readonly Clause[], { pairs, clean }: Work): Promise<string | null> {
  const trial = await Trial.of(clauses);
  try {
    if (trial.clauses.length < clauses.length) return "the engine does not take the best rule";
    const found = (bytes: Uint8Array) => trial.fitting(bytes).size > 0;
    const missed = pairs.filter(({ specimen }) => !found(specimen.after)).length;
    if (missed > 0) return `the best rule would miss ${missed} of ${pairs.length} infected files`;
    const wrong = clean.filter(found).length;
    return wrong > 0 ? `the best rule would match ${wrong} clean files` : null;
  } finally {
    trial.close();
  }
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

function none(code: NoRule["gaveUp"]["code"], why: string): NoRule {
  return { gaveUp: { code, why } };
}
