import { lstatSync } from "node:fs";
import { constants, lstat, mkdir, open } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { FileIdentity } from "@thymus/contracts";
import { inFolderOf } from "./folder.ts";
import { isMissing } from "./regular.ts";

type Folders = NonNullable<FileIdentity["folders"]>;

/** Folders above these are not noted. */
const MOST = 64;

/** Mode and owner of the folder of a path, of the one around it, and so on up to the root. */
export function foldersAround(path: string): Folders {
  const found: Folders = [];
  for (let folder = dirname(path); folder !== "/" && found.length < MOST; folder = dirname(folder)) {
    // At once: a file in it was just opened, so these are in memory, and a turn of the thread pool for each costs far more.
    const { mode, uid, gid } = lstatSync(folder);
    found.push([mode & 0o7777, uid, gid]);
  }
  return found;
}

/**
 * Makes the folders of a path that are gone, with the mode and owner that they had. What is there stays as it is.
 * @throws the system's error where something else lies in the way, or their mode was not noted (ENOENT)
 */
export async function makeFoldersAgain(path: string, folders: Folders = []): Promise<string[]> {
  const missing: [string, Folders[number]][] = [];
  let folder = dirname(path);
  for (const noted of folders) {
    if (folder === "/" || (await isThere(folder))) break;
    missing.unshift([folder, noted]);
    folder = dirname(folder);
  }
  for (const [made, [mode, uid, gid]] of missing)
    await inFolderOf(made, async (parent) => {
      const at = parent.at(basename(made));
      try {
        await mkdir(at, { mode: 0o700 });
      } catch (error) {
        // Another restore of the same folder was first.
        if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
        throw error;
      }
      // By its handle: whoever owns the folder around it may put a link under its name meanwhile.
      const handle = await open(at, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
      try {
        const { uid: owner, gid: group } = await handle.stat();
        if (owner !== uid || group !== gid) await handle.chown(uid, gid);
        await handle.chmod(mode);
      } finally {
        await handle.close();
      }
      await parent.sync();
    });
  return missing.map(([made]) => made);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
