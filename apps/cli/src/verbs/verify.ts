import { verifyPrescription } from "@thymus/analysis";
import { printJson, printLine, progressReporter } from "../output.ts";
import { acting, interruptSignal, linuxOnly, type Register, withGlobals } from "./verb.ts";

export const registerVerify: Register = (program) => {
  withGlobals(program.command("verify"))
    .hook("preAction", linuxOnly)
    .description("re-run the proof that a prescription carries")
    .argument("<prescription>", "prescription.json with its evidence folder beside it")
    .option("--evidence <dir>", "folder of the evidence")
    .addHelpText("after", "\nExit status: 0 the proof holds, 1 it does not, 2 error.")
    .action(
      acting<{ evidence?: string }>(async (context, options, [file]) => {
        const progress = progressReporter();
        const { prescription, proved, differences } = await verifyPrescription({
          file: file!,
          evidence: options.evidence,
          corpusDir: context.corpusDir,
          onProgress: (what) => progress.say(what),
          signal: interruptSignal(),
        });
        progress.done();
        const holds = differences.length === 0;
        if (context.json)
          printJson({
            prescription: prescription.id,
            holds,
            differences,
            decoys: proved.decoys,
            goodware: proved.goodware,
            seconds: proved.seconds,
          });
        else {
          printLine(
            `${prescription.id} (${prescription.family}): ${holds ? "the proof holds" : "the proof does not hold"}`,
          );
          for (const difference of differences) printLine(`  ${difference}`);
          const { decoys, goodware, programs } = proved;
          printLine(
            programs
              ? `  samples ${programs.detected}/${programs.samples} detected; ${goodware.matches} of ${goodware.files} goodware files hit`
              : `  decoys ${decoys.detected}/${decoys.infected} detected, ${decoys.repaired} repaired; fresh ${decoys.freshDetected}/${decoys.freshInfected}, ${decoys.freshRepaired} repaired; ${goodware.matches} of ${goodware.files} goodware files hit`,
          );
        }
        return holds ? 0 : 1;
      }),
    );
};
