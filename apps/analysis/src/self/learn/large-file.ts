import { createHash, hash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import type { Sha256 } from "@thymus/contracts";
import { PIECE_BYTES } from "../absence/memory.ts";

const CHUNK = 1 << 20;
const OVERLAP = PIECE_BYTES - 1;
/** The last bytes of a chunk are kept before the next one, so that no piece is cut. */
const buffer = Buffer.alloc(OVERLAP + CHUNK);

export interface LargeFile {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly vouched: readonly string[] | null;
}

/**
 * Digests a file that is too large to be held, and remembers its bytes. What somebody vouches for is read twice, since nothing of it
 * may be remembered before the whole is known to fit: the second time chunk by chunk against what was read the first time.
 * @returns null where the file is not what is expected
 */
export function readLarge(
  file: LargeFile,
  remember: (bytes: Uint8Array) => void,
): { sha256: Sha256; head: Buffer } | null {
  const { path, size, mtimeMs, vouched } = file;
  let fd: number;
  try {
    fd = openSync(
      path,
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY,
    );
  } catch {
    return null;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size !== size || stat.mtimeMs !== mtimeMs) return null;
    const [sha256, md5] = [createHash("sha256"), vouched && createHash("md5")];
    const parts: string[] = [];
    let head: Buffer | undefined;
    const read = chunks(fd, size, (chunk, joined) => {
      head ??= Buffer.from(chunk.subarray(0, 1 << 16));
      sha256.update(chunk);
      md5?.update(chunk);
      if (md5) parts.push(hash("sha256", chunk));
      else remember(joined);
      return true;
    });
    if (!read || (md5 && !vouched!.includes(md5.digest("hex")))) return null;
    const same = (chunk: Buffer, joined: Buffer, at: number) => {
      if (hash("sha256", chunk) !== parts[at]) return false;
      remember(joined);
      return true;
    };
    if (md5 && !chunks(fd, size, same)) return null;
    return { sha256: sha256.digest("hex") as Sha256, head: head! };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code) return null;
    throw cause;
  } finally {
    closeSync(fd);
  }
}

/** Reads a file from its beginning until the visitor says no. @returns whether all was read */
function chunks(
  fd: number,
  size: number,
  visit: (chunk: Buffer, joined: Buffer, number: number) => boolean,
): boolean {
  for (let at = 0, number = 0; at < size; number++) {
    if (at > 0) buffer.copyWithin(0, CHUNK, CHUNK + OVERLAP);
    let length = 0;
    while (length < CHUNK && at + length < size) {
      const got = readSync(
        fd,
        buffer,
        OVERLAP + length,
        Math.min(CHUNK - length, size - at - length),
        at + length,
      );
      if (got === 0) return false;
      length += got;
    }
    const chunk = buffer.subarray(OVERLAP, OVERLAP + length);
    if (!visit(chunk, at === 0 ? chunk : buffer.subarray(0, OVERLAP + length), number)) return false;
    at += length;
  }
  return true;
}
