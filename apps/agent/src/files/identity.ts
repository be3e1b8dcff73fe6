import { chmod, lchown } from "node:fs/promises";
import type { FileIdentity } from "@thymus/contracts";
import { readXattrs, writeTimes, writeXattrs } from "./libc.ts";
import type { FileFacts } from "./regular.ts";

/** Everything beside the content that makes a file what it is. `access` is how to reach it, `path` what it is called. */
export function identityOf(access: string, path: string, facts: FileFacts): FileIdentity {
  return {
    path,
    mode: facts.mode,
    uid: facts.uid,
    gid: facts.gid,
    size: facts.size,
    atimeNs: String(facts.atimeNs),
    mtimeNs: String(facts.mtimeNs),
    xattrs: readXattrs(access),
  };
}

/**
 * Gives a file (a temporary one, never a symbolic link) the owner, mode, attributes and times of `identity`.
 * The order matters: a change of owner clears set-user-id and capabilities, any change moves the times.
 */
export async function applyIdentity(
  access: string,
  identity: FileIdentity,
  current: FileFacts,
): Promise<void> {
  if (current.uid !== identity.uid || current.gid !== identity.gid)
    await lchown(access, identity.uid, identity.gid);
  // Before the mode, which may take our own right to write; an ACL among them may change the group bits.
  writeXattrs(access, identity.xattrs);
  await chmod(access, identity.mode);
  writeTimes(access, BigInt(identity.atimeNs), BigInt(identity.mtimeNs));
}
