import { join } from "node:path";
import { openRepairs } from "@thymus/agent";
import type { RepairOutcome } from "@thymus/contracts";
import { walkFiles } from "@thymus/detection";
import { printJson, printLine, visible } from "../output.ts";
import { readPrescription } from "../rules.ts";
import { acting, type Register, withGlobals } from "./verb.ts";

export const registerRepair: Register = (program) => {
  withGlobals(program.command("repair"))
    .description("undo an infection in files; the infected originals go to quarantine")
    .argument("<path...>", "files and folders")
    .requiredOption("--prescription <file>", "prescription with the recipe")
    .option("--dry-run", "tell what would happen, change nothing")
    .addHelpText(
      "after",
      "\nExit status: 0 all infected files were repaired, 1 some were not (or --dry-run found some), 2 error.",
    )
    .action(
      acting<{ prescription: string; dryRun?: boolean }>(async (context, options, paths) => {
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
