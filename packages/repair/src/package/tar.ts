/**
 * A tarball as a list of members that can be written again bit for bit. Strict: what it does not understand in full it
 * refuses, since a repaired package must be the clean one and not something like it.
 */
import { refuse } from "../refuse.ts";
import { BLOCK, fields, octalOf, sumOf, textOf, withSize } from "./header.ts";

export interface TarMember {
  /** Without the first folder: `package/lib/a.js` is `lib/a.js`. */
  readonly path: string;
  /** The first folder, mostly `package`. */
  readonly root: string;
  readonly file: boolean;
  readonly mode: number;
  /** Blocks before the member's own header: extended headers with their content. */
  readonly before: Uint8Array;
  readonly header: Uint8Array;
  readonly content: Uint8Array;
}

export interface Tarball {
  readonly members: readonly TarMember[];
  /** What stands behind the last member: zero blocks. */
  readonly tail: Uint8Array;
}

const MAX_MEMBERS = 65_536;
const MAX_PATH = 4096;

const padded = (size: number) => Math.ceil(size / BLOCK) * BLOCK;

/** @throws ThymusError REPAIR_REFUSED where it is no tar stream, is cut off, or holds what packages do not have */
export function parseTar(tar: Uint8Array): Tarball {
  const members: TarMember[] = [];
  let began = 0;
  let long: string | null = null;
  for (let at = 0; ; ) {
    if (at + BLOCK > tar.length) throw refuse("the package's tar stream is cut off");
    const header = tar.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) {
      const tail = tar.subarray(began);
      if (began !== at || tail.some((byte) => byte !== 0))
        throw refuse("there is something behind the end of the package's tar stream");
      return { members, tail };
    }
    const size = octalOf(header, fields.size);
    if (!Number.isSafeInteger(size) || octalOf(header, fields.sum) !== sumOf(header))
      throw refuse("a header of the package's tar stream is damaged");
    const content = tar.subarray(at + BLOCK, at + BLOCK + size);
    if (content.length < size) throw refuse("the package's tar stream is cut off");
    const type = String.fromCharCode(header[fields.type.at]!);
    const next = at + BLOCK + padded(size);
    if (type === "x") long = paxPath(content) ?? long;
    else if (type === "L") long = cString(content);
    else if (type !== "g") {
      if (!/^[05\0]$/.test(type)) throw refuse("the package holds links or devices");
      if (members.length === MAX_MEMBERS) throw refuse("the package has too many members");
      members.push({
        ...pathOf(long ?? fullName(header)),
        file: type !== "5",
        mode: octalOf(header, fields.mode),
        before: tar.subarray(began, at),
        header,
        content,
      });
      long = null;
      began = next;
    }
    at = next;
  }
}

function fullName(header: Uint8Array): string {
  const name = textOf(header, fields.name);
  // GNU tar keeps times where POSIX keeps the prefix: its magic has no zero byte behind it.
  const posix = header[fields.magic.at + 5] === 0;
  const prefix = posix ? textOf(header, fields.prefix) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

function pathOf(name: string): { root: string; path: string } {
  const parts = name.replace(/\/$/, "").split("/");
  if (parts[0] === ".") parts.shift();
  const safe = parts.length > 0 && parts.every((part) => part !== "" && part !== "." && part !== "..");
  if (!safe || name.length > MAX_PATH || name.includes("\0"))
    throw refuse("the package has a member with an unsafe path");
  return { root: parts[0]!, path: parts.slice(1).join("/") };
}

function cString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString("utf8");
}

/** The `path` record of an extended header (POSIX pax, `length key=value` lines). A size there is not understood here. */
function paxPath(content: Uint8Array): string | null {
  let path: string | null = null;
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at);
    const length = Number(Buffer.from(content.subarray(at, Math.max(at, space))).toString("latin1"));
    if (space < 0 || !(Number.isSafeInteger(length) && length > space - at))
      throw refuse("an extended header of the package is damaged");
    const line = Buffer.from(content.subarray(space + 1, at + length - 1)).toString("utf8");
    if (line.startsWith("size=")) throw refuse("the package writes sizes in extended headers");
    if (line.startsWith("path=")) path = line.slice(5);
    at += length;
  }
  return path;
}

/** The member with other content; everything else of it stays. */
export function withContent(member: TarMember, content: Uint8Array): TarMember {
  return { ...member, content, header: withSize(member.header, content.length) };
}

export function writeTar({ members, tail }: Tarball): Uint8Array {
  const size = members.reduce(
    (sum, { before, content }) => sum + before.length + BLOCK + padded(content.length),
    tail.length,
  );
  const result = new Uint8Array(size);
  let at = 0;
  for (const { before, header, content } of members) {
    result.set(before, at);
    result.set(header, at + before.length);
    result.set(content, at + before.length + BLOCK);
    at += before.length + BLOCK + padded(content.length);
  }
  result.set(tail, at);
  return result;
}
