import { join } from "node:path";
import { activePrescriptions } from "@thymus/agent";
import { ThymusError } from "@thymus/contracts";
import { createBundle, scanPaths } from "@thymus/detection";
import { printJson, printLine, progressReporter, visible } from "../output.ts";
import { loadRules } from "../rules.ts";
import { acting, interruptSignal, type Register, withGlobals } from "./verb.ts";

export const registerScan: Register = (program) => {
  withGlobals(program.command("scan"))
    .description("find infected files with the active prescriptions, or with given rules")
    .argument("<path...>", "files and folders")
    .option("--rules <path>", "prescription, .yar file, or a folder of them")
    .addHelpText("after", "\nExit status: 0 clean, 1 something was found, 2 error.")
    .action(
      acting<{ rules?: string }>(async (context, options, paths) => {
        const bundle = options.rules
          ? loadRules(options.rules)
          : createBundle(await activePrescriptions(join(context.dataDir, "agent")));
        if (bundle.rules.length === 0)
          throw new ThymusError(
            "NOT_FOUND",
            "no prescription is active on this machine",
            "name rules with --rules",
          );
        const progress = progressReporter();
        const summary = await scanPaths({
          paths,
          bundle,
          signal: interruptSignal(),
          onFinding(finding) {
            progress.done();
            if (context.json) printJson(finding);
            else printLine(`${visible(finding.path)}: ${finding.family ?? finding.rule}`);
          },
          onError(path, error) {
            progress.done();
            process.stderr.write(`${visible(`${path}: ${error.code}: ${error.message}`)}\n`);
          },
          onProgress: ({ files, bytes }) =>
            progress.say(`scanned ${files} files, ${(bytes / 1e6).toFixed(0)} MB`),
        });
        progress.done();
        if (context.json) printJson({ summary });
        else
          printLine(
            `${summary.infected} of ${summary.files} files infected, ${summary.errors} errors, ${(summary.bytes / 1e6).toFixed(1)} MB in ${summary.seconds.toFixed(1)} s`,
          );
        return summary.infected > 0 ? 1 : summary.errors > 0 && summary.files === 0 ? 2 : 0;
      }),
    );
};
