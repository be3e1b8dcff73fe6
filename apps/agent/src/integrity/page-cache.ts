/**
 * Leaves the kernel's page cache as it was found: reading a whole machine must not push out what others use. Linux 6.5 and later tell
 * how much of a file is cached (cachestat(2)); of one that was not, the pages are given back after reading. Elsewhere: nothing.
 */
import { createRequire } from "node:module";
import type koffiModule from "koffi";

const POSIX_FADV_DONTNEED = 4;
/** The same on all architectures. */
const SYS_CACHESTAT = 451;

interface Calls {
  readonly syscall: (number: number, fd: number, range: Buffer, result: Buffer, flags: number) => bigint;
  readonly fadvise: (fd: number, at: number, length: number, advice: number) => number;
}

let calls: Calls | null | undefined;

function load(): Calls | null {
  if (process.platform !== "linux") return null;
  try {
    const koffi = createRequire(import.meta.url)("koffi") as typeof koffiModule;
    const library = koffi.load("libc.so.6");
    return {
      syscall: library.func(
        "int64 syscall(int64 number, int64 fd, uint8_t *range, _Out_ uint8_t *result, int64 flags)",
      ) as Calls["syscall"],
      fadvise: library.func(
        "int posix_fadvise(int fd, int64 at, int64 length, int advice)",
      ) as Calls["fadvise"],
    };
  } catch {
    return null;
  }
}

/** Offset and length: all of the file. */
const range = Buffer.alloc(16);
/** Pages: cached, dirty, written back, evicted, recently evicted. */
const result = Buffer.alloc(40);

/** True where nothing of an open file is cached; false where it is, or that cannot be told. */
export function isCold(fd: number): boolean {
  calls ??= load();
  if (!calls) return false;
  if (Number(calls.syscall(SYS_CACHESTAT, fd, range, result, 0)) !== 0) return false;
  return result.readBigUInt64LE(0) === 0n;
}

/** Gives back what reading the file brought into the cache. */
export function leaveCold(fd: number): void {
  calls?.fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}
