import { constants, type FileHandle, open, rm } from "node:fs/promises";
import type { FileIdentity } from "@thymus/contracts";
import type { Folder } from "../files/folder.ts";
import { applyIdentity } from "../files/identity.ts";

/**
 * Writes a complete copy under a temporary name in the same folder, with owner, mode, attributes and times, and makes it
 * durable. Until the last step nobody but this user can open it. Locks (immutable, append only) come once it is in its place.
 */
export async function writeCopy(
  folder: Folder,
  name: string,
  bytes: Uint8Array,
  identity: FileIdentity,
): Promise<void> {
  const path = folder.at(name);
  await rm(path, { force: true });
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const handle = await open(path, flags, 0o600);
  try {
    if (identity.sparse) await writeSparse(handle, bytes);
    else await handle.writeFile(bytes);
    await applyIdentity(handle, identity);
    await handle.sync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

/** Bytes of a piece that is left out where it is all zeros: no file system has larger blocks by default. */
const PIECE = 65_536;
const ZEROS = Buffer.alloc(PIECE);

async function writeSparse(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  await handle.truncate(bytes.length);
  for (let at = 0; at < bytes.length; at += PIECE) {
    const piece = bytes.subarray(at, at + PIECE);
    if (ZEROS.subarray(0, piece.length).equals(piece)) continue;
    let done = 0;
    while (done < piece.length)
      done += (await handle.write(piece, done, piece.length - done, at + done)).bytesWritten;
  }
}
