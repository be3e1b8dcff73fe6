import { createHash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { constants, type FileHandle, lstat, open } from "node:fs/promises";
import type { Sha256 } from "@thymus/contracts";
import { readXattrs } from "./libc.ts";

/** What lstat says of a regular file. Times in nanoseconds since 1970. */
export interface FileFacts {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  /** When the inode came to be; 0 where the file system does not say. */
  readonly born: bigint;
  /** Names that it has. */
  readonly links: number;
  /** Bytes that it takes on the disk. */
  readonly room: number;
}

export interface FileContent {
  readonly facts: FileFacts;
  readonly bytes: Buffer;
  /** False where the file is larger than the limit: then `bytes` is its head and tail only. */
  readonly whole: boolean;
}

/** Bytes of head and of tail that stand for a file that is too large. */
const EDGE = 1 << 20;

const factsOf = (stat: BigIntStats): FileFacts => ({
  dev: stat.dev,
  ino: stat.ino,
  size: Number(stat.size),
  mode: Number(stat.mode) & 0o7777,
  uid: Number(stat.uid),
  gid: Number(stat.gid),
  atimeNs: stat.atimeNs,
  mtimeNs: stat.mtimeNs,
  ctimeNs: stat.ctimeNs,
  born: stat.birthtimeNs,
  links: Number(stat.nlink),
  room: Number(stat.blocks) * 512,
});

/** True where nothing wrote to the file, replaced it or changed its owner or mode between two looks. */
export function sameFile(a: FileFacts, b: FileFacts): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size && sameTimes(a, b);
}
const sameTimes = (a: FileFacts, b: FileFacts) => a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;

/** Facts of a regular file; null for anything else (symbolic link, FIFO, device, folder) and for what is missing. */
export async function factsAt(path: string): Promise<FileFacts | null> {
  try {
    const stat = await lstat(path, { bigint: true });
    return stat.isFile() ? factsOf(stat) : null;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ENOTDIR";
}

/** Opens a regular file for reading without following a link, waiting for a FIFO or changing its access time. */
export async function openRegular(path: string): Promise<FileHandle | null> {
  if ((await factsAt(path)) === null) return null;
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  let handle: FileHandle;
  try {
    handle = await open(path, flags | (constants.O_NOATIME ?? 0));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (isMissing(error) || code === "ELOOP") return null;
    // O_NOATIME is for the owner and root only.
    if (code !== "EPERM") throw error;
    handle = await open(path, flags);
  }
  return handle;
}

/**
 * Reads a regular file, at most `maxBytes` whole. The content is of one moment: where the file changes while it is read,
 * it is read again, up to three times.
 * @returns null for what is no regular file, is missing, or does not stop changing
 */
export async function readRegular(path: string, maxBytes: number): Promise<FileContent | null> {
  return (await readOpened(path, maxBytes, () => null))?.content ?? null;
}

/**
 * Reads a file as `readRegular` does, and its extended attributes through the same handle: whoever may put another file under the
 * path meanwhile does not get the attributes of that one (a file capability) for this content.
 */
export async function readWithXattrs(
  path: string,
  maxBytes: number,
): Promise<{ content: FileContent; xattrs: Record<string, string> } | null> {
  const read = await readOpened(path, maxBytes, readXattrs);
  return read && { content: read.content, xattrs: read.also };
}

/** Asks something of the very file that had these facts; null where another lies at the path, or it changed since. */
export async function askSame<T>(
  path: string,
  facts: FileFacts,
  ask: (handle: FileHandle) => T,
): Promise<T | null> {
  const handle = await openRegular(path);
  if (!handle) return null;
  try {
    const answer = ask(handle);
    return sameFile(factsOf(await handle.stat({ bigint: true })), facts) ? answer : null;
  } finally {
    await handle.close();
  }
}

/** @param also what else is asked of the open file, in the same moment */
async function readOpened<T>(
  path: string,
  maxBytes: number,
  also: (handle: FileHandle) => T,
): Promise<{ content: FileContent; also: T } | null> {
  const handle = await openRegular(path);
  if (!handle) return null;
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      const stat = await handle.stat({ bigint: true });
      if (!stat.isFile()) return null;
      const facts = factsOf(stat);
      const whole = facts.size <= maxBytes;
      const bytes = whole
        ? await readRange(handle, 0, facts.size)
        : Buffer.concat([await readRange(handle, 0, EDGE), await readRange(handle, facts.size - EDGE, EDGE)]);
      const more = also(handle);
      const after = factsOf(await handle.stat({ bigint: true }));
      if (sameFile(facts, after) && (!whole || bytes.length === facts.size))
        return { content: { facts, bytes, whole }, also: more };
    }
    return null;
  } finally {
    await handle.close();
  }
}

/** The first bytes of a regular file, at most `length`, and its facts just before; null as in readRegular. */
export async function readHead(
  path: string,
  length: number,
): Promise<{ readonly head: Buffer; readonly facts: FileFacts } | null> {
  const handle = await openRegular(path);
  if (!handle) return null;
  try {
    const stat = await handle.stat({ bigint: true });
    if (!stat.isFile()) return null;
    const facts = factsOf(stat);
    // Files of the kernel say that they have no size.
    return { head: await readRange(handle, 0, Math.min(length, facts.size || length)), facts };
  } finally {
    await handle.close();
  }
}

async function readRange(handle: FileHandle, start: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

export function sha256Of(bytes: Uint8Array): Sha256 {
  return createHash("sha256").update(bytes).digest("hex") as Sha256;
}
