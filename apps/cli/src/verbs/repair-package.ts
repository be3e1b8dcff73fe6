import { join } from "node:path";
import { openPackageRepairs, type PackageOutcome } from "@thymus/agent";
import { ThymusError } from "@thymus/contracts";
import type { Context } from "../context.ts";
import { printJson, printLine, visible } from "../output.ts";
import type { RepairOptions } from "./repair-baseline.ts";

/** `thymus repair --package`. @returns exit status: 0 all went back or were as they should be, 1 not, or would go back in a dry run */
export async function putBackFromPackage(
  context: Context,
  { baseline, before, dryRun = false, prescription }: RepairOptions,
  paths: readonly string[],
): Promise<number> {
  if (prescription !== undefined || baseline || before !== undefined)
    throw new ThymusError("USAGE", "--package goes with --dry-run alone", "give one way to repair");
  const counts: Record<PackageOutcome["result"], number> = { back: 0, unchanged: 0, refused: 0, failed: 0 };
  const verbs = await openPackageRepairs({ dataDir: join(context.dataDir, "agent"), config: context.config });
  try {
    for (const path of paths) {
      const outcome = await verbs.repair(path, { dryRun });
      counts[outcome.result]++;
      if (context.json) printJson(outcome);
      else if (outcome.result !== "unchanged") printLine(words(outcome, dryRun));
    }
  } finally {
    await verbs.close();
  }
  if (!context.json)
    printLine(
      `${counts.back} ${dryRun ? "would go back" : "put back"}, ${counts.refused} refused, ${counts.failed} failed, ${counts.unchanged} as they were`,
    );
  return counts.refused + counts.failed > 0 || (dryRun && counts.back > 0) ? 1 : 0;
}

function words({ path, result, why }: PackageOutcome, dryRun: boolean): string {
  const back = dryRun ? "would go back" : "put back";
  return `${visible(path)}: ${result === "back" ? back : result}${why ? ` (${visible(why)})` : ""}`;
}
