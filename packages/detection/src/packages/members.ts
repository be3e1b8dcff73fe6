/**
 * Members of a package's tarball, to be scanned like files. Lenient, as installers are: what can be read is read, and what
 * is left out is said.
 */
import { gunzipSync } from "node:zlib";

const BLOCK = 512;
const MAX_MEMBERS = 65_536;
const MAX_PATH = 4096;

export interface PackageMemberBytes {
  /** As it stands in the tarball, e.g. `package/index.js`. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface PackageContents {
  readonly members: PackageMemberBytes[];
  readonly missing: MissingContents | null;
}

/** Why not all of a package could be looked at. */
export interface MissingContents {
  readonly code: "TOO_LARGE" | "UNREADABLE";
  readonly why: string;
}

/** Never throws. @param limit bytes that the tarball may unpack to */
export function packageMembers(tarball: Uint8Array, limit: number): PackageContents {
  let tar: Uint8Array;
  try {
    tar = gunzipSync(tarball, { maxOutputLength: limit });
  } catch (thrown) {
    const large = (thrown as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    return {
      members: [],
      missing: large
        ? { code: "TOO_LARGE", why: `it unpacks to more than ${limit} bytes` }
        : unreadable("it is damaged"),
    };
  }
  return readMembers(tar);
}

const unreadable = (why: string): MissingContents => ({ code: "UNREADABLE", why });

function readMembers(tar: Uint8Array): PackageContents {
  const members: PackageMemberBytes[] = [];
  let long: string | null = null;
  for (let at = 0; at + BLOCK <= tar.length; ) {
    const header = tar.subarray(at, at + BLOCK);
    // Tar programs take two zero blocks for the end; what stands behind them is never unpacked.
    if (header[0] === 0) return { members, missing: null };
    const size = sizeOf(header);
    if (size === null) return { members, missing: unreadable("a header inside is damaged") };
    const bytes = tar.subarray(at + BLOCK, at + BLOCK + size);
    const type = header[156]!;
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    if (type === 0x78 || type === 0x4c) {
      long = (type === 0x4c ? text(bytes.subarray(0, MAX_PATH)) : paxPath(bytes)) ?? long;
      continue;
    }
    // 0, 7 and a zero byte are regular files.
    if (type === 0x30 || type === 0x37 || type === 0) {
      if (members.length === MAX_MEMBERS)
        return { members, missing: { code: "TOO_LARGE", why: "it has too many members" } };
      members.push({ path: (long ?? fullName(header)).slice(0, MAX_PATH), bytes });
    }
    if (type !== 0x67) long = null;
  }
  return { members, missing: null };
}

/** Octal digits, or base 256 where the first bit is set, as GNU tar writes large numbers. */
function sizeOf(header: Uint8Array): number | null {
  const field = Buffer.from(header.subarray(124, 136));
  if (field[0]! & 0x80) {
    const value = field.readUIntBE(6, 6);
    return field.subarray(1, 6).every((byte) => byte === 0) ? value : null;
  }
  const digits = field.toString("latin1").replace(/^[ \0]+|[ \0].*$/gs, "");
  return /^[0-7]*$/.test(digits) ? Number.parseInt(digits || "0", 8) : null;
}

function fullName(header: Uint8Array): string {
  const name = text(header.subarray(0, 100));
  const posix = header[262] === 0;
  const prefix = posix ? text(header.subarray(345, 500)) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString("utf8");
}

/** The `path` record of an extended header (POSIX pax). */
function paxPath(content: Uint8Array): string | null {
  const found = /(?:^|\n)\d+ path=([^\n]{1,4096})\n/.exec(
    Buffer.from(content.subarray(0, 2 * MAX_PATH)).toString("utf8"),
  );
  return found?.[1] ?? null;
}
