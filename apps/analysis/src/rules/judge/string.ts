/** What speaks for and against one string of a rule. */
import type { RuleStringJudgement } from "@thymus/contracts";
import { STRONG, WEAK } from "../../signature/candidates.ts";
import type { Pattern } from "../syntax/ast.ts";
import { fixedRuns } from "./bytes.ts";

/** Share of self's files from which on a string is common. */
const COMMON = 0.001;
/** Engines search for parts of up to four bytes; what has less is looked at in nearly every file. */
const ATOM = 4;

export interface Knowledge {
  logProbability(bytes: Uint8Array): number;
  /** Files of self, and those that hold the string. */
  readonly selfFiles: number;
  readonly files: number;
}

export function judgeString(pattern: Pattern, known: Knowledge): RuleStringJudgement {
  const runs = fixedRuns(pattern);
  const fixedBytes = runs.reduce((sum, run) => sum + run.length, 0);
  const longest = Math.max(0, ...runs.map((run) => run.length));
  const logProbability = fixedBytes === 0 ? null : probability(pattern, runs, known);
  const why: string[] = [];
  if (known.files > 0) why.push(`stands in ${known.files} of ${known.selfFiles} files of self`);
  if (longest < ATOM) why.push(`only ${longest} fixed bytes in a row: every scan stops at it often`);
  if (pattern.kind === "regex" && /^\.[*+]|[^\\]\.[*+]/.test(pattern.body))
    why.push("a repetition without end: a scan may be slow");
  if (pattern.modifiers.some((each) => each.startsWith("xor"))) why.push("searched under every key of xor");
  if (pattern.modifiers.includes("nocase") && longest < 2 * ATOM)
    why.push("short and in upper and lower case: many forms to search for");
  if (logProbability === null || logProbability > WEAK) why.push("likely to stand in other programs");
  const verdict =
    known.files > known.selfFiles * COMMON
      ? "common"
      : known.files > 0 || logProbability === null || logProbability > WEAK
        ? "weak"
        : logProbability <= STRONG
          ? "strong"
          : "plausible";
  return {
    id: pattern.id,
    line: pattern.place.line,
    fixedBytes,
    logProbability,
    files: known.files,
    verdict,
    why,
  };
}

/** Of the likeliest form: with `nocase` that of upper, lower and written case together. */
function probability(pattern: Pattern, runs: readonly Uint8Array[], known: Knowledge): number {
  const sum = (parts: readonly Uint8Array[]) =>
    parts.reduce((total, part) => total + known.logProbability(part), 0);
  const nocase = pattern.modifiers.includes("nocase") || pattern.flags.includes("i");
  if (!nocase) return sum(runs);
  const cased = (change: (text: string) => string) =>
    runs.map((run) => Buffer.from(change(Buffer.from(run).toString("latin1")), "latin1"));
  const forms = [
    runs,
    cased((text) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())),
    cased((text) => text.replace(/[a-z]/g, (letter) => letter.toUpperCase())),
  ].map(sum);
  const most = Math.max(...forms);
  return most + Math.log(forms.reduce((total, each) => total + Math.exp(each - most), 0));
}
