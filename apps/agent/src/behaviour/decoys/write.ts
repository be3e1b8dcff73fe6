import { constants, lstat, lutimes, mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { inFolderOf } from "../../files/folder.ts";
import { factsAt, sha256Of } from "../../files/regular.ts";
import { leaveOutOfDumps } from "./flags.ts";

/** Milliseconds after which a decoy gets a new date: what nobody touched for years looks like bait. */
const STALE = 90 * 24 * 3600 * 1000;

/** Dates within the last months, as the name's digits have it: all decoys of one date would be known by it. */
function dateFor(path: string): Date {
  const spread = Number.parseInt(sha256Of(Buffer.from(path)).slice(0, 6), 16) % (80 * 24 * 3600);
  return new Date(Date.now() - spread * 1000);
}

/** Gives a decoy that grew old another date. */
export async function freshen(path: string): Promise<void> {
  const facts = await factsAt(path).catch(() => null);
  if (!facts || Date.now() - Number(facts.mtimeNs / 1_000_000n) < STALE) return;
  await dateAs(path, dateFor(path));
}

/** Dates a decoy now, so that who takes the newest first takes it first. */
export async function makeNewest(path: string): Promise<void> {
  await dateAs(path, new Date());
}

/** Through the open folder: nobody shall lead us to another file by a link. */
async function dateAs(path: string, date: Date): Promise<void> {
  await inFolderOf(path, (folder, name) => lutimes(folder.at(name), date, date)).catch(() => {});
}

/** Removes a file of ours. */
export async function takeAway(path: string): Promise<void> {
  await inFolderOf(path, (folder, name) => rm(folder.at(name), { force: true })).catch(() => {});
}

/** Names what file managers shall not show in a folder. A list of the owner's stays his. */
export async function hideFromView(folder: string, name: string): Promise<void> {
  await inFolderOf(join(folder, ".hidden"), async (within, list) => {
    const handle = await open(within.at(list), "wx", 0o644);
    try {
      await handle.writeFile(`${name}\n`);
      const owner = await lstat(within.path);
      if (process.getuid?.() === 0) await handle.chown(owner.uid, owner.gid);
    } finally {
      await handle.close();
    }
  }).catch(() => {});
}

/** Makes a decoy newer than these files of its folder. @param names without the decoys */
export async function makeNewestIn(folder: string, names: readonly string[], newest: string): Promise<void> {
  const own = await lstat(newest).catch(() => null);
  if (!own) return;
  for (const name of names) {
    const stat = await lstat(join(folder, name)).catch(() => null);
    if (stat && stat.mtimeMs >= own.mtimeMs) return makeNewest(newest);
  }
}

/** Writes a decoy, owned as its folder is, marked to be left out of dumps. @throws what the file system says */
export function writeDecoy(path: string, content: Uint8Array, newest = false): Promise<void> {
  return inFolderOf(path, async (folder, name) => {
    await rm(folder.at(name), { force: true });
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const handle = await open(folder.at(name), flags, 0o600);
    try {
      await handle.writeFile(content);
      const owner = await lstat(folder.path);
      if (process.getuid?.() === 0) await handle.chown(owner.uid, owner.gid);
      await handle.chmod(0o644);
      leaveOutOfDumps(handle.fd);
      const date = newest ? new Date() : dateFor(path);
      await handle.utimes(date, date);
    } finally {
      await handle.close();
    }
  });
}

/** Makes a folder for decoys, owned as another one is. @throws what the file system says */
export async function makeDecoyFolder(path: string, like: string): Promise<void> {
  await mkdir(path, { mode: 0o755 });
  await inFolderOf(join(path, "x"), async (folder) => {
    const owner = await lstat(like);
    const handle = await open(folder.at("."), constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      if (process.getuid?.() === 0) await handle.chown(owner.uid, owner.gid);
    } finally {
      await handle.close();
    }
  });
}
