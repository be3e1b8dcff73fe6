import { join } from "node:path";
import { openRepairs } from "@thymus/agent";
import { type RepairOutcome, ThymusError } from "@thymus/contracts";
import { walkFiles } from "@thymus/detection";
import { printJson, printLine, visible } from "../output.ts";
import { readPrescription } from "../rules.ts";
import { putBack, type RepairOptions } from "./repair-baseline.ts";
import { putBackFromPackage } from "./repair-package.ts";
import { acting, type Register, withGlobals } from "./verb.ts";

export const registerRepair: Register = (program) => {
  withGlobals(program.command("repair"))
    .description(
      "undo an infection, or put files back from copies or packages; what lay there goes to quarantine",
    )
    .argument("<path...>", "files and folders")
    .option("--prescription <file>", "prescription with the recipe")
    .option("--baseline", "put back what the agent keeps copies of (agent.copies), instead of a recipe")
    .option("--package", "put back files of packages from the packages' signed archives")
    .option("--before <instant>", "with --baseline: the newest copy from before, whatever lies there now")
    .option("--dry-run", "tell what would happen, change nothing")
    .addHelpText(
      "after",
      "\nExit status: 0 all infected files were repaired, 1 some were not or are lost (or --dry-run found some), 2 error.",
    )
    .action(
      acting<RepairOptions>(async (context, options, paths) => {
        if (options.package) return putBackFromPackage(context, options, paths);
        if (options.baseline) return putBack(context, options, paths);
        if (options.prescription === undefined || options.before !== undefined)
          throw new ThymusError(
            "USAGE",
            options.before === undefined
              ? "none of --prescription, --baseline, --package is given"
              : "--before needs --baseline",
            "see `thymus repair --help`",
          );
        const prescription = readPrescription(options.prescription);
        const counts: Record<RepairOutcome["result"], number> = {
          repaired: 0,
          "not-infected": 0,
          refused: 0,
          failed: 0,
        };
        const tell = (outcome: RepairOutcome) => {
          counts[outcome.result] += 1;
          if (context.json) printJson(outcome);
          else if (outcome.result !== "not-infected")
            printLine(
              `${visible(outcome.path)}: ${options.dryRun && outcome.result === "repaired" ? "would be repaired" : outcome.result}${outcome.why ? ` (${visible(outcome.why)})` : ""}`,
            );
        };
        const walk = walkFiles(paths, {
          onError: (path, error) =>
            tell({
              path,
              result: "failed",
              why: `${error.code}: ${error.message}`,
              sha256Before: null,
              sha256After: null,
            }),
          onSkip: () => {},
        });
        const verbs = await openRepairs(
          { dataDir: join(context.dataDir, "agent"), config: context.config },
          prescription,
        );
        try {
          for await (const path of walk) tell(await verbs.repair(path, { dryRun: options.dryRun === true }));
        } finally {
          await verbs.close();
        }
        if (!context.json)
          printLine(
            `${counts.repaired} ${options.dryRun ? "repairable" : "repaired"}, ${counts.refused} refused, ${counts.failed} failed, ${counts["not-infected"]} not infected`,
          );
        return counts.refused + counts.failed > 0 || (options.dryRun && counts.repaired > 0) ? 1 : 0;
      }),
    );
};
