/** The files in an archive, and in the archives in it, one after the other. */
import { type Budget, Exhausted } from "./budget.ts";
import { Unreadable } from "./entry.ts";
import { closedArchive, readerFor } from "./reader.ts";

/** Between the path of an archive and the path in it, as it is shown. */
export const INSIDE = "!";
const MAX_PATH = 4096;
const ENDING = /\.(gz|bz2|xz|zst|tgz|tbz2?|txz|tzst)$/i;

export interface ArchiveMember {
  /** In the outermost archive; `INSIDE` stands where it leads into a nested one. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * Never throws for what the archive is.
 * @param onLeft told of what was not looked into, and why
 */
export async function* archiveMembers(
  bytes: Uint8Array,
  name: string,
  budget: Budget,
  onLeft: (path: string, why: string) => void,
): AsyncGenerator<ArchiveMember> {
  try {
    yield* inside(bytes, name, "", 1, budget, onLeft);
  } catch (error) {
    onLeft("", error instanceof Exhausted ? error.message : "it is damaged");
  }
}

async function* inside(
  bytes: Uint8Array,
  name: string,
  prefix: string,
  depth: number,
  budget: Budget,
  onLeft: (path: string, why: string) => void,
): AsyncGenerator<ArchiveMember> {
  const reader = readerFor(bytes, innerName(name));
  if (reader === null) {
    const closed = closedArchive(bytes);
    if (closed !== null) onLeft(prefix, `${closed} is not opened`);
    return;
  }
  if (depth > budget.limits.depth) return onLeft(prefix, "it lies too deep inside of others");
  try {
    for await (const entry of reader(bytes, budget)) {
      budget.entry();
      if (entry.kind !== "file") continue;
      const path = `${prefix === "" ? "" : `${prefix}${INSIDE}`}${entry.path}`.slice(0, MAX_PATH);
      let content: Uint8Array | null;
      try {
        content = await entry.read(budget.limits.kept);
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        onLeft(path, `members ${error.message}`);
        continue;
      }
      if (content === null) onLeft(path, `more than ${budget.limits.kept} bytes`);
      else if (content.length > 0) {
        yield { path, bytes: content };
        yield* inside(content, entry.path, path, depth + 1, budget, onLeft);
      }
    }
  } catch (error) {
    if (error instanceof Exhausted) throw error;
    onLeft(prefix, "it is damaged");
  }
}

/** What a compressed single file is called when it is unpacked. */
function innerName(name: string): string {
  const base = name.replace(/^.*\//, "");
  return ENDING.test(base) ? base.replace(ENDING, "") : `${base}.unpacked`;
}
