import { join } from "node:path";
import { type CopyOutcome, openCopyRepairs } from "@thymus/agent";
import { ThymusError } from "@thymus/contracts";
import type { Context } from "../context.ts";
import { printJson, printLine, visible } from "../output.ts";

export interface RepairOptions {
  readonly prescription?: string;
  readonly baseline?: boolean;
  readonly package?: boolean;
  readonly before?: string;
  readonly dryRun?: boolean;
}

/** `thymus repair --baseline`. @returns exit status: 0 nothing is lost, 1 something is, or would go back in a dry run */
export async function putBack(
  context: Context,
  { before, dryRun = false, prescription }: RepairOptions,
  paths: readonly string[],
): Promise<number> {
  if (prescription !== undefined)
    throw new ThymusError("USAGE", "--prescription and --baseline exclude each other", "give one of them");
  if (before !== undefined && Number.isNaN(Date.parse(before)))
    throw new ThymusError("USAGE", `--before ${before} is no instant`, "write it as 2031-05-27T14:00:00Z");
  const counts: Record<CopyOutcome["result"], number> = {
    back: 0,
    unchanged: 0,
    unknown: 0,
    lost: 0,
    refused: 0,
    failed: 0,
  };
  const verbs = await openCopyRepairs({ dataDir: join(context.dataDir, "agent"), config: context.config });
  try {
    for (const path of paths)
      for await (const outcome of verbs.repair(path, { dryRun, ...(before !== undefined && { before }) })) {
        counts[outcome.result]++;
        if (context.json) printJson(outcome);
        else if (outcome.result !== "unchanged" || outcome.why !== null) printLine(words(outcome, dryRun));
      }
  } finally {
    await verbs.close();
  }
  if (!context.json)
    printLine(
      `${counts.back} ${dryRun ? "would go back" : "put back"}, ${counts.lost} lost, ${counts.refused} refused, ${counts.failed} failed, ${counts.unchanged} as they were, ${counts.unknown} unknown`,
    );
  const bad = counts.lost + counts.refused + counts.failed;
  return bad > 0 || (dryRun && counts.back > 0) ? 1 : 0;
}

function words({ path, result, why, copied }: CopyOutcome, dryRun: boolean): string {
  const names = {
    unchanged: "as it was",
    unknown: "unknown",
    lost: "lost",
    refused: "refused",
    failed: "failed",
  };
  const back = `${dryRun ? "would go back" : "put back"}${copied ? `, copy of ${copied}` : ""}`;
  return `${visible(path)}: ${result === "back" ? back : names[result]}${why ? ` (${visible(why)})` : ""}`;
}
