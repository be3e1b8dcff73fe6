/**
 * The stamp of an entry of a tree: what lstat says of it, as one short text that is compared as a whole:
 * size, modification and change time (nanoseconds since 1970), inode, mode with the kind of file, owner, group.
 */
import type { BigIntStats } from "node:fs";

export type EntryKind = "file" | "folder" | "link" | "special";
export type StampField = "size" | "mtime" | "ctime" | "inode" | "mode" | "owner" | "group" | "device";

const FIELDS = ["size", "mtime", "ctime", "inode", "mode", "owner", "group"] as const;
const FORMAT = 0o170000;
const REGULAR = 0o100000;
const FOLDER = 0o040000;
const LINK = 0o120000;

/** Size and times of a folder follow from what is in it, and are left out; a device has its number in place of a size. */
export function stampOf(stat: BigIntStats): string {
  const kind = Number(stat.mode) & FORMAT;
  const rest = `${stat.ino} ${stat.mode} ${stat.uid} ${stat.gid}`;
  if (kind === FOLDER) return `0 0 0 ${rest}`;
  const size = kind === REGULAR || kind === LINK ? stat.size : stat.rdev;
  return `${size} ${stat.mtimeNs} ${stat.ctimeNs} ${rest}`;
}

export interface StampFacts {
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly ino: bigint;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** The stamp of a regular file by its facts. */
export function stampOfFile(facts: StampFacts): string {
  return `${facts.size} ${facts.mtimeNs} ${facts.ctimeNs} ${facts.ino} ${facts.mode | REGULAR} ${facts.uid} ${facts.gid}`;
}

/** The parts of a stamp by their names. */
export function readStamp(stamp: string): {
  size: number;
  mtime_ns: string;
  ctime_ns: string;
  ino: string;
  mode: number;
} {
  const [size, mtime_ns, ctime_ns, ino, mode] = stamp.split(" ") as [string, string, string, string, string];
  return { size: Number(size), mtime_ns, ctime_ns, ino, mode: Number(mode) & 0o7777 };
}

export function kindOf(stamp: string): EntryKind {
  const format = Number(stamp.split(" ")[4]) & FORMAT;
  return format === REGULAR ? "file" : format === FOLDER ? "folder" : format === LINK ? "link" : "special";
}

/** Asked of every entry: only what looks like a folder's stamp is taken apart. */
export function isFolder(stamp: string): boolean {
  return stamp.startsWith("0 0 0 ") && kindOf(stamp) === "folder";
}

/** True where nothing moved. What was recorded before owners were (five parts) says nothing of them. */
export function sameStamp(known: string, now: string): boolean {
  return known === now || (known.split(" ").length === 5 && now.startsWith(`${known} `));
}

/** What differs between two stamps. */
export function changedFields(known: string, now: string): StampField[] {
  const before = known.split(" ");
  const after = now.split(" ");
  const device = kindOf(now) === "special";
  return FIELDS.filter((_, i) => before[i] !== undefined && before[i] !== after[i]).map((field) =>
    field === "size" && device ? "device" : field,
  );
}
