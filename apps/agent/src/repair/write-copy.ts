import { constants, open, rm } from "node:fs/promises";
import type { FileIdentity } from "@thymus/contracts";
import type { Folder } from "../files/folder.ts";
import { applyIdentity } from "../files/identity.ts";

/**
 * Writes a complete copy under a temporary name in the same folder, with owner, mode, attributes and times, and makes it
 * durable. Until the last step nobody but this user can open it.
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
    await handle.writeFile(bytes);
    await applyIdentity(handle, identity);
    await handle.sync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}
