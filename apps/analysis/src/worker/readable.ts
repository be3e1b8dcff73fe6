import { existsSync } from "node:fs";
import { readManifest } from "../self/files/layout.ts";

/**
 * Folders that a confined worker needs for a goodware scan: the corpus and the folders that it was learned from, as far
 * as they are not the system's own. One that is gone is left out, or no worker could start; the scan counts its files as gone.
 * @throws ThymusError CORPUS_MISSING
 */
export async function corpusFolders(corpusDir: string): Promise<string[]> {
  const { sources } = await readManifest(corpusDir);
  return [corpusDir, ...sources.filter((source) => source.startsWith("/") && existsSync(source))];
}
