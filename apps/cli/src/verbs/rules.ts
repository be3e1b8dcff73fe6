import { evaluateRules, openCorpus } from "@thymus/analysis";
import type { RuleBetter, RuleEvaluation, RuleSample } from "@thymus/contracts";
import { printJson, printLine, visible } from "../output.ts";
import { acting, interruptSignal, type Register, withGlobals } from "./verb.ts";

export const registerRules: Register = (program) => {
  const rules = program.command("rules").description("rules that people wrote");
  withGlobals(rules.command("evaluate"))
    .description("judge YARA rules against self: what they hit, and which of their strings are weak")
    .argument("<file...>", "files of YARA rules")
    .option("--samples <path...>", "files and folders of samples that the rules are meant to find")
    .addHelpText(
      "after",
      "\nExit status: 0 all is well, 1 a rule hits self, rests on weak strings or does not compile, 2 error.",
    )
    .action(
      acting<{ samples?: string[] }>(async (context, { samples }, files) => {
        const corpus = await openCorpus(context.corpusDir);
        const result = await evaluateRules({
          files,
          corpus,
          ...(samples ? { samples } : {}),
          signal: interruptSignal(),
        });
        if (context.json) printJson(result);
        else describe(result);
        if (result.rules.length === 0) return 2;
        const found =
          result.rules.some(({ verdict }) => verdict !== "fine") ||
          result.files.some(({ problems }) => problems.length > 0);
        return found ? 1 : 0;
      }),
    );
};

function describe({ self, samples, files, rules, seconds }: RuleEvaluation): void {
  for (const { path, problems } of files)
    for (const { line, column, message } of problems)
      printLine(visible(`${path}:${line}:${column}: refused: ${message}`));
  for (const judged of rules) {
    const { file, rule, line, verdict, hits, falsePositives, problems, strings } = judged;
    printLine(visible(`${file}:${line}: ${rule}: ${verdict}`));
    printLine(
      `  hits ${hits.files} of ${self.files} files of self; at most ${falsePositives.upperPerMillion.toFixed(1)} in a million (95 %)`,
    );
    for (const path of hits.paths.slice(0, 3)) printLine(visible(`    ${path}`));
    if (samples && judged.samples) describeSamples(judged.samples, samples.files, strings.length);
    for (const { severity, message } of problems)
      if (severity !== "bad") printLine(visible(`  ${severity}: ${message}`));
    if (judged.better && hits.files > 0) describeBetter(judged.better);
    for (const { id, verdict: kind, logProbability, why } of strings)
      printLine(
        visible(
          `  ${id.padEnd(8)} ${kind.padEnd(9)} ln p ${logProbability?.toFixed(0) ?? "-"}${why.length > 0 ? `  ${why.join("; ")}` : ""}`,
        ),
      );
  }
  printLine(
    `${rules.length} rules over ${self.files} files, ${(self.bytes / 1e6).toFixed(0)} MB, in ${seconds.toFixed(1)} s`,
  );
}

function describeSamples(samples: readonly RuleSample[], all: number, strings: number): void {
  const found = samples.filter((sample) => sample.found).length;
  printLine(`  finds ${found} of ${all} samples`);
  for (const sample of samples.slice(0, 10)) {
    const held = `${sample.strings.length} of ${strings} strings`;
    printLine(
      visible(
        `    ${sample.found ? "found " : "missed"} ${sample.path}  ${held}${sample.strings.length > 0 ? `: ${sample.strings.join(" ")}` : ""}`,
      ),
    );
  }
  if (samples.length > 10) printLine(`    ... ${samples.length - 10} more (--json)`);
}

function describeBetter({ rule, changes, reason }: RuleBetter): void {
  if (rule === null) {
    printLine(visible(`  no better rule: ${reason}`));
    return;
  }
  printLine(visible(`  a better rule ${reason}; it ${changes.join(" and ")}:`));
  for (const line of rule.trimEnd().split("\n")) printLine(visible(`    ${line}`));
}
