import { cpus } from "node:os";
import { join } from "node:path";
import { Batch, FamilyMemory, type Immunized, immunize } from "@thymus/analysis";
import { asThymusError, errorTable, type ImmunizeReport, type Kinship, ThymusError } from "@thymus/contracts";
import { drillProgramsFolder } from "@thymus/testkit/drills";
import { Option } from "commander";
import { bar, printJson, printLine, progressReporter, reportError } from "../output.ts";
import { prepareAnalysis } from "../prepare.ts";
import { acting, interruptSignal, linuxOnly, type Register, withGlobals } from "./verb.ts";

interface Options {
  out: string;
  budget: string;
  chamber?: string;
}

export const registerImmunize: Register = (program) => {
  withGlobals(program.command("immunize"))
    .hook("preAction", linuxOnly)
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
        const memory = await FamilyMemory.open(join(context.dataDir, "families"));
        const done: Immunized[] = [];
        let status = 0;
        try {
          const batch =
            samples.length > 1
              ? await Batch.open(join(context.dataDir, "families"), samples, options.out)
              : null;
          for (const [place, sample] of samples.entries()) {
            try {
              const before = (await batch?.finished(place)) ?? null;
              if (before) await memory.remember(before.folder, before.report.case, before.prescription);
              const caseId = await batch?.caseOf(place);
              const immunized =
                before ??
                (await immunize({
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
                  ...(caseId ? { caseId } : {}),
                  // Each sample has its own prescription here; whether an earlier one finds it too is told.
                  families: { memory, submitter: null, mayAnswerBy: () => false },
                }));
              const { report, folder, prescription } = immunized;
              if (prescription) await memory.published(prescription.id);
              done.push(immunized);
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
          if (!signal.aborted) await batch?.end();
        } finally {
          await memory.close();
        }
        if (!context.json) describeFamilies(done);
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
  const kin = report.kinship;
  if (kin) printLine(`  ${kinshipWords(kin)}`);
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

function kinshipWords({ family, similarity, members, generalised, coveredBy }: Kinship): string {
  const share = Math.round(similarity * 100);
  const known = members === 1 ? "one sample" : `${members} samples`;
  const what = generalised
    ? "; its prescription is of all that it could be proved on"
    : coveredBy
      ? `; ${coveredBy} finds it already`
      : "";
  return `a variant of ${family}, of which ${known} ${members === 1 ? "is" : "are"} known (${share} % alike)${what}`;
}

/** Of several samples: which are of one family, and the prescription that was made for all of it. */
function describeFamilies(done: readonly Immunized[]): void {
  const named = done.filter(({ report }) => report.family !== null);
  for (const [family, members] of Map.groupBy(named, ({ report }) => report.family!)) {
    if (members.length < 2) continue;
    const general = members.findLast(({ report }) => report.kinship?.generalised);
    const made = general ? `: one prescription for the family, ${general.report.prescription}` : "";
    printLine(`${family}: ${members.length} samples${made}`);
  }
}
