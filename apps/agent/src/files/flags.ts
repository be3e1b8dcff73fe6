import { type FileHandle, rm } from "node:fs/promises";
import { bindC, errnoError } from "./c-library.ts";
import { openRegular } from "./regular.ts";

/** ioctl_iflags(2): the attributes that chattr(1) sets. */
const GET_FLAGS = 0x80086601;
const SET_FLAGS = 0x40086602;
const IMMUTABLE = 0x10;
const APPEND = 0x20;
/** While one of these is set, nobody can rename, link, write or remove the file. */
const LOCKS = IMMUTABLE | APPEND;
/** Those that an owner sets and that are worth keeping: synchronous, immutable, append only, no dump, no access time. */
const KEPT = 0x08 | LOCKS | 0x40 | 0x80;

const ioctl = bindC("int ioctl(int fd, unsigned long request, _Inout_ int *argument)");

/** The kept attributes of an open file; 0 where the file system has none. */
export function readFlags(handle: FileHandle): number {
  const value = [0];
  return Number(ioctl(handle.fd, GET_FLAGS, value)) === 0 ? value[0]! & KEPT : 0;
}

/** Makes the kept attributes of an open file exactly these. @throws the system's error, EPERM without CAP_LINUX_IMMUTABLE */
export function writeFlags(handle: FileHandle, wanted: number): void {
  const value = [0];
  // A file system without them: then there was nothing to keep either, or it lies elsewhere now.
  if (Number(ioctl(handle.fd, GET_FLAGS, value)) !== 0) return;
  const next = (value[0]! & ~KEPT) | (wanted & KEPT);
  if (next === value[0]) return;
  if (Number(ioctl(handle.fd, SET_FLAGS, [next])) !== 0) throw errnoError("set the attributes of a file");
}

export const isLocked = (flags: number | undefined): boolean => ((flags ?? 0) & LOCKS) !== 0;

/** The attributes that a copy can have while it still has to be moved to its place. */
export const withoutLocks = (flags: number): number => flags & ~LOCKS;

/** Takes the locks from what lies at a path. @returns its attributes before, 0 where it is no file or has none */
export async function unlock(path: string): Promise<number> {
  const handle = await openRegular(path);
  if (!handle) return 0;
  try {
    const flags = readFlags(handle);
    if (isLocked(flags)) writeFlags(handle, withoutLocks(flags));
    return flags;
  } finally {
    await handle.close();
  }
}

/** Gives what lies at a path the locks that it had. */
export async function lockAgain(path: string, flags: number | undefined): Promise<void> {
  if (!isLocked(flags)) return;
  const handle = await openRegular(path);
  if (!handle) return;
  try {
    writeFlags(handle, flags!);
  } finally {
    await handle.close();
  }
}

/** Removes a name; where others of the same file stay, they have its locks. */
export async function removeName(path: string, flags: number | undefined): Promise<void> {
  const handle = isLocked(flags) ? await openRegular(path) : null;
  try {
    await rm(path, { force: true });
    if (handle && (await handle.stat()).nlink > 0) writeFlags(handle, flags!);
  } finally {
    await handle?.close();
  }
}
