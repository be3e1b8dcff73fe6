import { opendir } from "node:fs/promises";
import { join } from "node:path";

export interface WalkOptions {
  /** True for a folder whose content is not ours to look at. */
  readonly skip?: (folder: string) => boolean;
  /** A folder that cannot be read; the walk goes on. */
  readonly onError?: (folder: string, error: Error) => void;
  readonly onFolder?: (folder: string) => void;
}

/** Every regular file below a folder, without following a symbolic link; FIFOs, sockets and devices are passed over. */
export async function* walkFiles(root: string, options: WalkOptions = {}): AsyncGenerator<string> {
  const waiting = [root];
  while (waiting.length > 0) {
    const folder = waiting.pop()!;
    if (options.skip?.(folder)) continue;
    options.onFolder?.(folder);
    try {
      for await (const entry of await opendir(folder)) {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) waiting.push(path);
        else if (entry.isFile()) yield path;
      }
    } catch (error) {
      options.onError?.(folder, error as Error);
    }
  }
}
