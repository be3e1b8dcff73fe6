import { type Dirent, lstatSync, readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { ThymusError } from "@thymus/contracts";
import { walkFiles } from "@thymus/detection";
import { labelOfPath } from "../labels/label.ts";
import { type Candidate, readableByOthers } from "./candidate.ts";

/** Folders that are read before others get their turn: asking in between for each costs more than the reading. */
const TURN = 256;

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
  const device = lstatSync(root).dev;
  const others = [root];
  const open = lstatSync(root).isDirectory() ? others.splice(0) : [];
  for (let read = 1, path = open.pop(); path !== undefined; path = open.pop(), read++) {
    for (const entry of entriesOf(path)) {
      const child = join(path, entry.name);
      if (entry.isFile()) add(child, found);
      else if (entry.isDirectory()) {
        if (lstatSync(child, { throwIfNoEntry: false })?.dev === device) open.push(child);
        else others.push(child);
      } else if (!entry.isSymbolicLink()) others.push(child);
    }
    if (read % TURN === 0) await setImmediate();
  }
  // Where another file system begins, or the type was not told with the name.
  for await (const path of walkFiles(others, { onError() {}, onSkip() {} })) add(path, found);
  return found;
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function add(path: string, found: Candidate[]): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat?.isFile() || !readableByOthers(stat.mode)) return;
  found.push({ path, size: stat.size, mtimeMs: stat.mtimeMs, vouched: null, label: labelOfPath(path) });
}
