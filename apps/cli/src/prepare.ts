/** Makes what an analysis needs where it is missing: the chamber and self. Both are resumable and made once. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { buildChamber, buildCorpus, openCorpus } from "@thymus/analysis";
import { ThymusError } from "@thymus/contracts";
import type { Context } from "./context.ts";
import { goodwareSources } from "./goodware.ts";

export interface Prepared {
  /** `total` is 0 where it is not known. */
  readonly onProgress: (step: string, done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/** @throws ThymusError TOOL_MISSING | TOOL_FAILED | INTERRUPTED */
export async function prepareAnalysis(context: Context, { onProgress, signal }: Prepared): Promise<void> {
  await buildChamber({
    dataDir: context.chamberDir,
    onProgress: (step, done, total) => onProgress(`building the chamber: ${step}`, done, total),
    signal,
  });
  await prepareSelf(context, { onProgress, signal });
}

/** Learns self where it is missing; where another process is at it, waits for what that one learns. */
export async function prepareSelf(
  { corpusDir, config }: Pick<Context, "corpusDir" | "config">,
  { onProgress, signal }: Prepared,
): Promise<void> {
  while (!(await hasSelf(corpusDir))) {
    try {
      await buildCorpus({
        dir: corpusDir,
        sources: goodwareSources(config),
        maxBytes: config.analysis.maxGoodwareBytes,
        onProgress: (step, done, total) => onProgress(`learning self: ${step}`, done, total),
        signal,
      });
    } catch (error) {
      if (!(error instanceof ThymusError) || error.code !== "CONFLICT") throw error;
      // Each try waits some seconds for the other to end.
      onProgress(`learning self: ${error.message}`, 0, 0);
      if (signal.aborted)
        throw new ThymusError("INTERRUPTED", "waiting for self was stopped", "start it again");
    }
  }
}

/** Self that an earlier version learned has no index: it is learned anew, and serves until then. */
async function hasSelf(corpusDir: string): Promise<boolean> {
  if (!existsSync(join(corpusDir, "manifest.json"))) return false;
  return (await openCorpus(corpusDir)).manifest.index !== undefined;
}
