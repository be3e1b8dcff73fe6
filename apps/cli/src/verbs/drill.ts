import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { buildChamber } from "@thymus/analysis";
import { ThymusError } from "@thymus/contracts";
import { listDrills } from "@thymus/testkit/drills";
import { runEncryptionDrill } from "../drill/encryption.ts";
import { runInfectionDrill } from "../drill/infection.ts";
import { printJson, printLine, printTable, progressReporter, visible } from "../output.ts";
import { acting, interruptSignal, linuxOnly, numberOption, type Register, withGlobals } from "./verb.ts";

interface Options {
  others?: string[];
  timeout: number;
}

export const registerDrill: Register = (program) => {
  const drill = program
    .command("drill")
    .hook("preAction", linuxOnly)
    .description("safe exercises of the loop on the live installation");
  withGlobals(drill.command("list"))
    .description("the drill pathogens")
    .action(
      acting(async (context) => {
        if (context.json) printJson(listDrills());
        else
          printTable(
            ["PATHOGEN", "TYPE", "MECHANISM", "TARGETS", "REPAIRABLE"],
            listDrills().map((item) => [
              item.id,
              item.type,
              item.expect.mechanism ?? "-",
              item.expect.targets.join(", "),
              item.expect.repairable ? "yes" : "no",
            ]),
          );
        return 0;
      }),
    );
  withGlobals(drill.command("infection"))
    .description("infect programs in the drill folder with an inert pathogen and print what happens")
    .argument("[name]", "drill pathogen", "prepend-sh")
    .option("--others <dir...>", "data folders of further agents on this machine that shall prove immune")
    .option("--timeout <seconds>", "longest time for the whole loop", numberOption(1, 86_400), 180)
    .addHelpText("after", "\nExit status: 0 the loop healed everything, 1 it did not, 2 error.")
    .action(
      acting<Options>(async (context, options, [name]) => {
        const pathogen = name ?? "prepend-sh";
        if (!listDrills().some((item) => item.id === pathogen))
          throw new ThymusError(
            "NOT_FOUND",
            `there is no drill pathogen ${pathogen}`,
            "see: thymus drill list",
          );
        for (const other of options.others ?? [])
          if (!existsSync(other))
            throw new ThymusError("NOT_FOUND", `${other} does not exist`, "name data folders of agents");
        const signal = interruptSignal();
        const progress = progressReporter();
        await buildChamber({ dataDir: context.chamberDir, onProgress: (step) => progress.say(step), signal });
        const report = await runInfectionDrill(context, {
          pathogen,
          others: (options.others ?? []).map((other) => resolve(other)),
          timeoutSeconds: options.timeout,
          signal,
          onProgress: (what) => progress.say(what),
          onEvent: (entry) => {
            progress.done();
            if (!context.json)
              printLine(
                `${entry.t.toFixed(1).padStart(7)} s  ${entry.machine.slice(0, 16).padEnd(16)}  ${visible(entry.what)}`,
              );
          },
        });
        progress.done();
        if (context.json) printJson(report);
        else if (report.passed)
          printLine(
            `\nDrill passed: every agent was protected ${report.protectedAfter!.toFixed(1)} s after the first write.`,
          );
        else printLine(`\nDrill failed: ${visible(report.why ?? "")}`);
        return report.passed ? 0 : 1;
      }),
    );
  withGlobals(drill.command("encryption"))
    .description(
      "let the drill encryptor loose on documents of its own and tell after how many it was stopped",
    )
    .argument("[folder]", "one of agent.behaviour.documents, or a folder in one (default: the first)")
    .option("--documents <number>", "documents that are laid out", numberOption(20, 5000), 60)
    .option("--timeout <seconds>", "longest time for each step", numberOption(1, 3600), 180)
    .addHelpText(
      "after",
      "\nNeeds root, python3, and agent.behaviour.mode suspend or end. Exit status: 0 it was stopped after at most ten documents and all came back, 1 not, 2 error.",
    )
    .action(
      acting<{ documents: number; timeout: number }>(async (context, options, [folder]) => {
        const progress = progressReporter();
        const report = await runEncryptionDrill(context, {
          ...{ folder: folder ?? null, documents: options.documents, timeoutSeconds: options.timeout },
          ...{ signal: interruptSignal(), onProgress: (what: string) => progress.say(what) },
        });
        progress.done();
        if (context.json) printJson(report);
        else if (report.passed)
          printLine(
            `Drill passed: the encryptor was ${report.stopped} after ${report.changed} of ${report.documents} documents, ${report.seconds!.toFixed(1)} s after its start; all are what they were.\nWhy it was stopped: ${visible(report.reason ?? "")}`,
          );
        else printLine(`Drill failed: ${visible(report.why ?? "")}`);
        return report.passed ? 0 : 1;
      }),
    );
};
