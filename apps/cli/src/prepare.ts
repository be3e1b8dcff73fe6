/** Makes what an analysis needs where it is missing: the chamber and self. Both are resumable and made once. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { buildChamber, buildCorpus, openCorpus } from "@thymus/analysis";
import { type Context, goodwareSources } from "./context.ts";

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
  if (await hasSelf(context.corpusDir)) return;
  await buildCorpus({
    dir: context.corpusDir,
    sources: goodwareSources(context.config),
    maxBytes: context.config.analysis.maxGoodwareBytes,
    onProgress: (step, done, total) => onProgress(`learning self: ${step}`, done, total),
    signal,
  });
}

/** Self that an earlier version learned has no index: it is learned anew, and serves until then. */
async function hasSelf(corpusDir: string): Promise<boolean> {
  if (!existsSync(join(corpusDir, "manifest.json"))) return false;
  return (await openCorpus(corpusDir)).manifest.index !== undefined;
}
