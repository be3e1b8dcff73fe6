import { lstatSync, realpathSync } from "node:fs";
import { ThymusError } from "@thymus/contracts";
import { walkFiles } from "@thymus/detection";
import { type Candidate, readableByOthers } from "./candidate.ts";

/**
 * The regular files of a folder that a person vouches for.
 * @throws ThymusError NOT_FOUND where it does not exist
 */
export async function folderCandidates(folder: string): Promise<Candidate[]> {
  let root: string;
  try {
    root = realpathSync(folder);
  } catch (cause) {
    const message = `the goodware folder ${folder} cannot be read`;
    throw new ThymusError("NOT_FOUND", message, "check the path", { cause });
  }
  const found: Candidate[] = [];
  for await (const path of walkFiles([root], { onError() {}, onSkip() {} })) {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat?.isFile() || !readableByOthers(stat.mode)) continue;
    found.push({ path, size: stat.size, mtimeMs: stat.mtimeMs, vouched: null });
  }
  return found;
}
