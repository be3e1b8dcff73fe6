import type { FileHandle } from "node:fs/promises";
import type { FileIdentity } from "@thymus/contracts";
import { readFlags, withoutLocks, writeFlags } from "./flags.ts";
import { foldersAround } from "./folders.ts";
import { readXattrs, writeTimes, writeXattrs } from "./libc.ts";
import { askSame, type FileFacts } from "./regular.ts";

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
 * The same of the very file that had these facts, with all that is needed to bring it back where even its folder is gone.
 * @param at how to name it in a system call
 * @returns null where another file lies there now, or it changed since
 */
export async function wholeIdentityOf(
  path: string,
  at: string,
  facts: FileFacts,
): Promise<FileIdentity | null> {
  const asked = await askSame(at, facts, (handle) => ({
    xattrs: readXattrs(handle),
    flags: readFlags(handle),
  }));
  if (!asked) return null;
  return {
    ...identityOf(path, facts, asked.xattrs),
    ...(asked.flags === 0 ? {} : { flags: asked.flags }),
    ...(facts.room < facts.size ? { sparse: true } : {}),
    ...(facts.born === 0n ? {} : { inode: inodeOf(facts) }),
    links: facts.links,
    folders: foldersAround(path),
  };
}

/** Tells inodes apart, also one that got the number of another that is gone. */
export const inodeOf = ({ dev, ino, born }: FileFacts): string => `${dev}:${ino}:${born}`;

/**
 * Gives an open file the owner, mode, attributes and times of `identity`; all but what would keep it from being moved. Through the
 * handle alone: whoever owns the folder may put anything under the file's name meanwhile, and must not get its owner or mode changed
 * by us.
 * The order matters: a change of owner clears set-user-id and capabilities, any change moves the times.
 */
export async function applyIdentity(handle: FileHandle, identity: FileIdentity): Promise<void> {
  const current = await handle.stat();
  if (current.uid !== identity.uid || current.gid !== identity.gid)
    await handle.chown(identity.uid, identity.gid);
  // Before the mode, which may take our own right to write; an ACL among them may change the group bits.
  writeXattrs(handle, identity.xattrs);
  await handle.chmod(identity.mode);
  if (identity.flags !== undefined) writeFlags(handle, withoutLocks(identity.flags));
  writeTimes(handle, BigInt(identity.atimeNs), BigInt(identity.mtimeNs));
}
