import type { FileHandle } from "node:fs/promises";
import type { FileIdentity } from "@thymus/contracts";
import { writeTimes, writeXattrs } from "./libc.ts";
import type { FileFacts } from "./regular.ts";

/** Everything beside the content that makes a file what it is. Facts and attributes are of the handle that the content came from. */
export function identityOf(path: string, facts: FileFacts, xattrs: Record<string, string>): FileIdentity {
  return {
    path,
    mode: facts.mode,
    uid: facts.uid,
    gid: facts.gid,
    size: facts.size,
    atimeNs: String(facts.atimeNs),
    mtimeNs: String(facts.mtimeNs),
    xattrs,
  };
}

/**
 * Gives an open file the owner, mode, attributes and times of `identity`. Through the handle alone: whoever owns the
 * folder may put anything under the file's name meanwhile, and must not get its owner or mode changed by us.
 * The order matters: a change of owner clears set-user-id and capabilities, any change moves the times.
 */
export async function applyIdentity(handle: FileHandle, identity: FileIdentity): Promise<void> {
  const current = await handle.stat();
  if (current.uid !== identity.uid || current.gid !== identity.gid)
    await handle.chown(identity.uid, identity.gid);
  // Before the mode, which may take our own right to write; an ACL among them may change the group bits.
  writeXattrs(handle, identity.xattrs);
  await handle.chmod(identity.mode);
  writeTimes(handle, BigInt(identity.atimeNs), BigInt(identity.mtimeNs));
}
