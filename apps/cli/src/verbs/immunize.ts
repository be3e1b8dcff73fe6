import { cpus } from "node:os";
import { immunize } from "@thymus/analysis";
import { asThymusError, errorTable, type ImmunizeReport, ThymusError } from "@thymus/contracts";
import { drillProgramsFolder } from "@thymus/testkit/drills";
import { Option } from "commander";
import { bar, printJson, printLine, progressReporter, reportError } from "../output.ts";
import { prepareAnalysis } from "../prepare.ts";
import { acting, interruptSignal, type Register, withGlobals } from "./verb.ts";

interface Options {
  out: string;
  budget: string;
  chamber?: string;
}

export const registerImmunize: Register = (program) => {
  withGlobals(program.command("immunize"))
    .description("analyse local samples whole: chamber, signature, repair, proof, prescription")
    .argument("<sample...>", "files to analyse")
    .option("--out <dir>", "folder for the results", "thymus-out")
    .option("--budget <seconds>", "wall-clock seconds for each sample", "180")
    .addOption(
      new Option(
        "--chamber <kind>",
        "qemu: a kernel of its own; bwrap: shares this machine's kernel",
      ).choices(["qemu", "bwrap"]),
    )
    .addHelpText("after", "\nExit status: 0 done, 2 error, 3 gave up on a sample: a person is needed.")
    .action(
      acting<Options & { json?: boolean }>(async (context, options, samples) => {
        const budgetSeconds = Number(options.budget);
        if (!(budgetSeconds > 0 && budgetSeconds <= 86_400))
          throw new ThymusError(
            "USAGE",
            `--budget ${options.budget} is no number of seconds`,
            "give 1 to 86400",
          );
        const signal = interruptSignal();
        const progress = progressReporter();
        await prepareAnalysis(context, {
          onProgress: (step, done, total) => progress.say(total > 0 ? bar(done / total, step) : step),
          signal,
        });
        let status = 0;
        for (const sample of samples) {
          try {
            const { report, folder } = await immunize({
              sample,
              out: options.out,
              chamberDir: context.chamberDir,
              corpusDir: context.corpusDir,
              drillPrograms: drillProgramsFolder,
              budgetSeconds,
              parallel: Math.min(2, cpus().length),
              chamber: (options.chamber ?? context.config.analysis.chamber) as "qemu" | "bwrap",
              onProgress: (what) => progress.say(`${sample}: ${what}`),
              signal,
            });
            progress.done();
            if (context.json) printJson(report);
            else describe(sample, report, folder);
            if (report.gaveUp) status = Math.max(status, 3);
          } catch (thrown) {
            progress.done();
            status = Math.max(status, thrown instanceof ThymusError ? errorTable[thrown.code].exit : 2);
            reportError(asThymusError(thrown), context.json);
            if (signal.aborted) break;
          }
        }
        return status;
      }),
    );
};

function describe(sample: string, report: ImmunizeReport, folder: string): void {
  printLine(`${sample}: ${report.verdict}${report.family ? ` (${report.family})` : ""}`);
  if (report.infection)
    printLine(
      `  infection: ${report.infection.mechanism} into ${report.infection.targets.join(", ")}, ${report.infection.invariantBytes} constant bytes`,
    );
  const proof = report.proof;
  if (proof)
    printLine(
      proof.programs
        ? `  proof: ${proof.programs.detected}/${proof.programs.samples} samples detected; ${proof.falsePositives} of ${proof.goodwareFiles} goodware files hit`
        : `  proof: ${proof.detected}/${proof.infected} decoys detected, ${proof.repaired} repaired; fresh ${proof.freshDetected}/${proof.freshInfected}, ${proof.freshRepaired} repaired; ${proof.falsePositives} of ${proof.goodwareFiles} goodware files hit`,
    );
  if (report.prescription && report.repair.recipes === 0)
    printLine(`  no repair: ${report.repair.why ?? "none could be proved"}`);
  if (report.gaveUp) printLine(`  gave up (${report.gaveUp.code}): ${report.gaveUp.why}`);
  printLine(
    `  ${report.seconds.total.toFixed(1)} s (chamber ${report.seconds.chamber.toFixed(1)}, signature ${report.seconds.signature.toFixed(1)}, proof ${report.seconds.proof.toFixed(1)}); report: ${folder}/report.html`,
  );
}
