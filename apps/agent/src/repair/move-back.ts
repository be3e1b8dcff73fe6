import { link, rename, rm } from "node:fs/promises";
import type { Folder } from "../files/folder.ts";

/**
 * Gives a file of the owner its name back. Where another file has taken the name meanwhile, both are the owner's: the
 * one that was moved then lies beside it, with `.thymus-saved` and a number at the end.
 * @returns the name that it has now
 */
export async function moveBack(folder: Folder, temporary: string, name: string): Promise<string> {
  for (let turn = 0; ; turn++) {
    const wanted = turn === 0 ? name : `${name.slice(0, 200)}.thymus-saved-${turn}`;
    try {
      // A link, unlike a rename, never takes the place of a file.
      await link(folder.at(temporary), folder.at(wanted));
      await rm(folder.at(temporary));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EEXIST" && turn < 1000) continue;
      // A file system without hard links.
      if (code !== "EPERM" && code !== "ENOTSUP") throw error;
      await rename(folder.at(temporary), folder.at(wanted));
    }
    await folder.sync();
    return wanted;
  }
}
