import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { syncTogether } from "./sync-together.ts";

/** Begins the name of every half-written file: servers never hand out dot files, sweeps may delete them. */
export const TEMPORARY_PREFIX = ".thymus-tmp-";

/** A name for a half-written file in the folder of `path`, so that the rename stays on one file system. */
export function temporaryFor(path: string): string {
  return join(
    dirname(path),
    `${TEMPORARY_PREFIX}${basename(path).slice(0, 64)}-${randomBytes(8).toString("hex")}`,
  );
}

/**
 * Writes a file so that a reader, also after a power cut, sees either the old content or the new, never a part:
 * temporary file, fsync, rename, fsync of the folder.
 * @param mode permission bits of the new file; exact, whatever the umask is
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  mode: number = 0o600,
): Promise<void> {
  const temporary = temporaryFor(path);
  try {
    const handle = await open(temporary, "wx", mode);
    try {
      await handle.chmod(mode);
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Makes renames and removals in a folder durable. */
export function syncFolder(folder: string): Promise<void> {
  return syncTogether(folder, () => syncAlone(folder));
}

async function syncAlone(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
