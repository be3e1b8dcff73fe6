import { evaluateRules, openCorpus } from "@thymus/analysis";
import type { RuleBetter, RuleEvaluation, RuleJudgement, RuleSample } from "@thymus/contracts";
import { printJson, printLine, visible } from "../output.ts";
import { acting, interruptSignal, type Register, withGlobals } from "./verb.ts";

export const registerRules: Register = (program) => {
  const rules = program.command("rules").description("rules that people wrote");
  withGlobals(rules.command("evaluate"))
    .description("judge YARA rules against self: what they hit, and which of their strings are weak")
    .argument("<file...>", "files of YARA rules")
    .option("--samples <path...>", "files and folders of samples that the rules are meant to find")
    .option("--quick", "without the cost of scanning and without YARA 4")
    .addHelpText(
      "after",
      "\nExit status: 0 all is well, 1 a rule hits self, rests on weak strings or does not compile, 2 error.",
    )
    .action(
      acting<{ samples?: string[]; quick?: boolean }>(async (context, { samples, quick }, files) => {
        const corpus = await openCorpus(context.corpusDir);
        const result = await evaluateRules({
          files,
          corpus,
          ...(samples ? { samples } : {}),
          quick: quick === true,
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

function describe({ self, samples, files, rules, cost, yara4, seconds }: RuleEvaluation): void {
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
    if (judged.cost) printLine(`  ${costWords(judged.cost)}`);
    for (const { why, change } of judged.slow) printLine(visible(`  slow: ${why}: ${change}`));
    describeEngines(judged);
    for (const { id, verdict: kind, logProbability, why, slow } of strings) {
      printLine(
        visible(
          `  ${id.padEnd(8)} ${kind.padEnd(9)} ln p ${logProbability?.toFixed(0) ?? "-"}${why.length > 0 ? `  ${why.join("; ")}` : ""}`,
        ),
      );
      for (const { change } of slow) printLine(visible(`  ${"".padEnd(8)} ${change}`));
    }
  }
  printLine(
    cost.why !== null && cost.files === 0
      ? visible(`the cost was not measured: ${cost.why}`)
      : visible(
          `the cost was measured over ${cost.files} files of self, ${(cost.bytes / 1e6).toFixed(0)} MB${cost.why ? `; ${cost.why}` : ""}`,
        ),
  );
  printLine(
    visible(
      yara4.samples + yara4.goodware === 0
        ? `not compared with YARA 4: ${yara4.why}`
        : `compared with YARA ${yara4.version} over ${yara4.samples} samples and ${yara4.goodware} files of self${yara4.why ? `; ${yara4.why}` : ""}`,
    ),
  );
  printLine(
    `${rules.length} rules over ${self.files} files, ${(self.bytes / 1e6).toFixed(0)} MB, in ${seconds.toFixed(1)} s`,
  );
}

const costWords = ({ timesTrivial, secondsPerGigabyte, atLeast }: NonNullable<RuleJudgement["cost"]>) =>
  `costs ${atLeast ? "at least " : ""}${timesTrivial.toFixed(1)} times the trivial rule, ${secondsPerGigabyte.toFixed(2)} processor seconds a gigabyte`;

function describeEngines({ differences, yara4 }: RuleJudgement): void {
  for (const { engine, effect, string, message, change, before } of differences) {
    const which = engine === "yara-x" ? "YARA-X" : before ? `YARA before ${before}` : "YARA 4";
    const what = effect === "refuses" ? `${which} refuses it` : `${which} means otherwise`;
    printLine(visible(`  ${string ? `${string}: ` : ""}${what}: ${message}; ${change}`));
  }
  if (yara4 === null) return;
  if (yara4.refused !== null) printLine(visible(`  the installed YARA 4 refuses it: ${yara4.refused}`));
  for (const [who, paths] of [
    ["YARA 4", yara4.onlyYara4],
    ["YARA-X", yara4.onlyYaraX],
  ] as const)
    if (paths.length > 0) printLine(visible(`  only ${who} finds ${paths.length} files: ${paths[0]}`));
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
