/** What speaks for and against one string of a rule. */
import type { RuleStringJudgement } from "@thymus/contracts";
import { STRONG, WEAK } from "../../signature/candidates.ts";
import type { Pattern } from "../syntax/ast.ts";
import { fixedRuns } from "./bytes.ts";
import { slowString } from "./slow.ts";

/** Share of self's files from which on a string is common. */
const COMMON = 0.001;

export interface Knowledge {
  readonly logProbability: (bytes: Uint8Array) => number;
  /** Files of self, and those that hold the string. */
  readonly selfFiles: number;
  readonly files: number;
}

export function judgeString(pattern: Pattern, known: Knowledge): RuleStringJudgement {
  const runs = fixedRuns(pattern);
  const fixedBytes = runs.reduce((sum, run) => sum + run.length, 0);
  const logProbability = fixedBytes === 0 ? null : probability(pattern, runs, known);
  const why: string[] = [];
  if (known.files > 0) why.push(`stands in ${known.files} of ${known.selfFiles} files of self`);
  if (logProbability === null || logProbability > WEAK) why.push("likely to stand in other programs");
  const slow = slowString(pattern, known.logProbability);
  for (const each of slow) why.push(each.why);
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
    slow,
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
