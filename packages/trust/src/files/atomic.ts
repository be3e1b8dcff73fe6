/**
 * Durable writes of private files. Everything appears under its name whole or not at all: temporary file in the same
 * folder, fsync, rename, fsync of the folder.
 */
import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

const TEMPORARY = /\.[0-9a-f]{16}\.tmp$/;

/** Creates a folder (and what is missing above it) that only its owner may enter; an existing one stays as it is. */
export async function makePrivateFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
}

/** Name for a file that is still being written: hidden, beside its destination, never used twice. */
export function temporaryName(destination: string): string {
  return join(dirname(destination), `.${basename(destination)}.${randomBytes(8).toString("hex")}.tmp`);
}

/** Makes renames and links within the folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Lets `fill` write a new file of mode 0600 that takes the place of `destination` only when all went well; otherwise
 * nothing of it stays.
 */
export async function replaceFile<T>(
  destination: string,
  fill: (handle: FileHandle) => Promise<T>,
): Promise<T> {
  const temporary = temporaryName(destination);
  try {
    const handle = await open(temporary, "wx", 0o600);
    let result: T;
    try {
      result = await fill(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, destination);
    await syncFolder(dirname(destination));
    return result;
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
}

export async function writePrivateFile(destination: string, data: Uint8Array | string): Promise<void> {
  await replaceFile(destination, (handle) => handle.writeFile(data));
}

/** Removes what a killed process left half-written in a folder that only one process writes. */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (TEMPORARY.test(name)) await rm(join(folder, name), { force: true });
  }
}
