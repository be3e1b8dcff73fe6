import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import type { SkipReason } from "./protocol.ts";

/** Never through a symbolic link, and never waiting for the other end of a FIFO that took the file's place. */
const SAFE_READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
/**
 * Opens a file for reading, never through a link or waiting for a FIFO. Its access time stays as it was where that is permitted: to
 * the file's owner and to root.
 * @throws Error of the file system
 */
export function openQuietly(path: string): number {
  try {
    return openSync(path, SAFE_READ | (constants.O_NOATIME ?? 0));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error;
    return openSync(path, SAFE_READ);
  }
}

/** Buffer that is kept between files; a larger one is made for a larger file and given back after it. */
const KEPT_BYTES = 16 * 1024 * 1024;

export type ReadResult =
  | { kind: "bytes"; bytes: Uint8Array }
  | { kind: "skip"; why: SkipReason }
  | { kind: "too-large"; size: number }
  | { kind: "unreadable"; why: string };

/** Reads regular files one after the other into one buffer: the bytes are good until the next read. */
export class FileReader {
  readonly #maxFileBytes: number;
  #kept = Buffer.allocUnsafeSlow(1 << 20);

  constructor(maxFileBytes: number) {
    this.#maxFileBytes = maxFileBytes;
  }

  /** The whole content; `expect` is checked on the open file, so that what is read is what was meant. */
  read(path: string, expect: { size: number; mtimeMs: number } | undefined): ReadResult {
    let fd: number;
    try {
      fd = openQuietly(path);
    } catch (cause) {
      return openFailed(cause as NodeJS.ErrnoException);
    }
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) return { kind: "skip", why: "special" };
      if (expect && (stat.size !== expect.size || stat.mtimeMs !== expect.mtimeMs)) {
        return { kind: "skip", why: "changed" };
      }
      if (stat.size > this.#maxFileBytes) return { kind: "too-large", size: stat.size };
      return { kind: "bytes", bytes: this.#fill(fd, stat.size) };
    } catch (cause) {
      return { kind: "unreadable", why: (cause as Error).message };
    } finally {
      closeSync(fd);
    }
  }

  #fill(fd: number, size: number): Uint8Array {
    const buffer = this.#buffer(size);
    let length = 0;
    while (length < size) {
      const got = readSync(fd, buffer, length, size - length, null);
      if (got === 0) break;
      length += got;
    }
    return buffer.subarray(0, length);
  }

  #buffer(size: number): Buffer {
    if (size <= this.#kept.length) return this.#kept;
    if (size > KEPT_BYTES) return Buffer.allocUnsafeSlow(size);
    this.#kept = Buffer.allocUnsafeSlow(Math.min(KEPT_BYTES, size * 2));
    return this.#kept;
  }
}

/** What is to be told of a file that could not be read. */
export function readFault(
  path: string,
  read: Exclude<ReadResult, { kind: "bytes" }>,
  maxFileBytes: number,
): ReadFault {
  if (read.kind === "skip") return { kind: "skip", why: read.why };
  if (read.kind === "too-large") {
    const message = `${path} has ${read.size} bytes, more than the limit of ${maxFileBytes}`;
    return { kind: "error", code: "TOO_LARGE", message, hint: "raise the limit to scan it" };
  }
  const message = `${path} cannot be read: ${read.why}`;
  return { kind: "error", code: "UNREADABLE", message, hint: "check its permissions" };
}

type ReadFault =
  | { readonly kind: "skip"; readonly why: SkipReason }
  | {
      readonly kind: "error";
      readonly code: "TOO_LARGE" | "UNREADABLE";
      readonly message: string;
      readonly hint: string;
    };

export function openFailed(
  cause: NodeJS.ErrnoException,
): Exclude<ReadResult, { kind: "bytes" | "too-large" }> {
  if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return { kind: "skip", why: "gone" };
  // ELOOP: a symbolic link; ENXIO: a socket, or a device without a driver.
  if (cause.code === "ELOOP" || cause.code === "ENXIO") return { kind: "skip", why: "special" };
  return { kind: "unreadable", why: cause.message };
}
