import { holdLock } from "@thymus/store";
import { layout } from "./layout.ts";

/**
 * Holds a corpus for one process that changes it: each change reads the manifest first and removes in the end what its own
 * does not name, so two at once would undo each other. Waits some seconds for one that is just ending.
 * @returns the release
 * @throws ThymusError CONFLICT where another process changes it, with its number
 */
export function holdCorpus(dir: string): Promise<() => void> {
  return holdLock(layout(dir).lock, {
    what: `a build or an import of the corpus in ${dir}`,
    hint: "wait until it is done, or end that process: what it has read is kept",
  });
}
