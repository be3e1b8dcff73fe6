import { execFileSync } from "node:child_process";
import { chmod, chown, link, lstat, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { readFlags } from "../files/flags.ts";
import { readXattrs, writeTimes, writeXattrs } from "../files/libc.ts";
import { openRegular, readRegular, sha256Of } from "../files/regular.ts";
import { PAYLOAD } from "./infection.ts";

/** Names that have surprised programs before. */
const NAMES = [
  "with space",
  "tab\tand\nline",
  "-rf",
  "quote'\"",
  "ünï ☂",
  "a%20b",
  "*",
  "back\\slash",
  "~",
  "x".repeat(180),
];
/** cap_net_raw=ep as the kernel stores it: VFS_CAP_REVISION_2 with the effective bit, then permitted and inheritable masks. */
const CAPABILITY = "0100000200200000000000000000000000000000";

/** A POSIX ACL as system.posix_acl_access has it (acl(5)): owner, a named user, group, mask, others. */
function acl(mode: number): string {
  const entry = (tag: number, rights: number, id: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt16LE(tag, 0);
    bytes.writeUInt16LE(rights, 2);
    bytes.writeUInt32LE(id >>> 0, 4);
    return bytes;
  };
  const [owner, group, other] = [(mode >> 6) & 7, (mode >> 3) & 7, mode & 7];
  const entries = [
    entry(1, owner, -1),
    entry(2, 4, 1234),
    entry(4, group, -1),
    entry(16, group, -1),
    entry(32, other, -1),
  ];
  return Buffer.concat([Buffer.from([2, 0, 0, 0]), ...entries]).toString("hex");
}

/**
 * Files whose owner, mode, times, attributes, capabilities, ACLs, hard links, flags and names are as mixed as on a machine that was
 * used for years; each is found by the test's prescription. Needs root.
 */
export async function writeStrangeFiles(folder: string, count: number): Promise<string[]> {
  const paths: string[] = [];
  for (let index = 0; index < count; index++) {
    const inner = join(folder, `folder ${index % 7}`, index % 3 === 0 ? "deep" : "");
    await mkdir(inner, { recursive: true });
    await chmod(inner, 0o750);
    const path = join(inner, `${index} ${NAMES[index % NAMES.length]}`);
    // Every fifth has the content of another.
    const which = index % 5 === 0 ? 0 : index;
    if (index % 10 === 9) {
      await link(paths[index - 1]!, path);
      paths.push(path);
      continue;
    }
    const hole = index % 50 === 3 ? Buffer.alloc(300_000) : Buffer.alloc(0);
    const content = Buffer.concat([
      Buffer.from(`#!/bin/sh\n${PAYLOAD}echo ${which}\n`.padEnd(300, "#")),
      hole,
      Buffer.from(`# ${which}`.padEnd(10, "\n")),
    ]);
    const handle = await open(path, "w");
    await handle.write(content.subarray(0, 300), 0, 300, 0);
    await handle.write(content.subarray(-10), 0, 10, content.length - 10);
    await handle.close();
    await chown(path, (index * 7) % 1000, (index * 13) % 500);
    const mode = [0o755, 0o644, 0o4755, 0o2750, 0o1777, 0o400, 0o000, 0o6711][index % 8]!;
    await chmod(path, mode);
    const xattrs: Record<string, string> = {};
    if (index % 4 === 1) xattrs["user.note"] = Buffer.from(`note ${index}`).toString("hex");
    if (index % 6 === 2) xattrs["security.capability"] = CAPABILITY;
    if (index % 9 === 4) xattrs["system.posix_acl_access"] = acl(mode);
    writeXattrs(path, xattrs);
    await chmod(path, mode);
    writeTimes(path, 1_500_000_000_123_456_789n + BigInt(index), 1_400_000_000_987_654_321n - BigInt(index));
    paths.push(path);
  }
  // Only once all have their hard links, which a locked file cannot get.
  for (const [index, path] of paths.entries())
    if (index % 40 === 12) execFileSync("chattr", [index % 80 === 12 ? "+i" : "+a", "--", path]);
  for (let index = 0; index < 7; index++) {
    await chown(join(folder, `folder ${index}`), 1000 + index, 100);
    await chmod(join(folder, `folder ${index}`), 0o2775);
  }
  return paths;
}

/** Every field of a file that a restore gives back, and which of the paths are names of one file. */
export async function everyField(paths: readonly string[]) {
  const firstOf = new Map<string, string>();
  const fields = [];
  for (const path of paths) {
    const stat = await lstat(path, { bigint: true });
    const inode = `${stat.dev}:${stat.ino}`;
    if (!firstOf.has(inode)) firstOf.set(inode, path);
    const handle = (await openRegular(path))!;
    const flags = readFlags(handle);
    await handle.close();
    fields.push({
      path,
      name: firstOf.get(inode),
      links: stat.nlink,
      mode: stat.mode,
      owner: stat.uid,
      group: stat.gid,
      size: stat.size,
      sparse: stat.blocks * 512n < stat.size,
      modified: stat.mtimeNs,
      accessed: stat.atimeNs,
      flags,
      xattrs: readXattrs(path),
      // Without a new access time.
      content: sha256Of((await readRegular(path, 1 << 24))!.bytes),
    });
  }
  return fields;
}
