/** Members in the order and with the headers that `npm pack` gives them, or as they were. */

import { basename, extname } from "node:path/posix";
import type { Packing } from "@thymus/contracts";
import { refuse } from "../refuse.ts";
import { BLOCK, npmHeader } from "./header.ts";
import type { Tarball, TarMember } from "./tar.ts";

/** Two blocks of zeros end a tar stream (POSIX ustar). */
const npmTail = new Uint8Array(2 * BLOCK);

const collate = (a: string, b: string) => a.localeCompare(b, "en");

/** By ending, then by name, then by path: npm packs what is alike side by side. */
function compareMembers(a: TarMember, b: TarMember): number {
  return (
    collate(extname(a.path).toLowerCase(), extname(b.path).toLowerCase()) ||
    collate(basename(a.path).toLowerCase(), basename(b.path).toLowerCase()) ||
    collate(a.path, b.path)
  );
}

/** @throws ThymusError REPAIR_REFUSED where a path needs headers that are not understood */
export function repack(tarball: Tarball, { order, headers, modes }: Omit<Packing, "gzip">): Tarball {
  let { members, tail } = tarball;
  if (headers === "npm") {
    // npm writes no folders, only files.
    const files = members.filter(({ file }) => file);
    const programs = modes === "bin" ? binsOf(files) : null;
    members = files.map((member) => asNpm(member, modeOf(member, programs)));
    tail = npmTail;
  }
  if (order === "npm") members = members.toSorted(compareMembers);
  return { members, tail };
}

function modeOf({ path, mode }: TarMember, programs: ReadonlySet<string> | null): number {
  return programs === null ? mode & 0o777 : programs.has(path) ? 0o755 : 0o644;
}

/** Paths of the programs that the manifest names: `bin` is one path, or names with paths. */
function binsOf(members: readonly TarMember[]): Set<string> {
  const manifest = members.find(({ path }) => path === "package.json");
  let bin: unknown;
  try {
    bin = JSON.parse(Buffer.from(manifest?.content ?? "").toString("utf8")).bin;
  } catch {
    return new Set();
  }
  const paths = typeof bin === "string" ? [bin] : typeof bin === "object" && bin ? Object.values(bin) : [];
  return new Set(paths.map((path) => String(path).replace(/^(\.?\/)+/, "")));
}

function asNpm(member: TarMember, mode: number): TarMember {
  const header = npmHeader(`package/${member.path}`, mode, member.content.length);
  if (header === null) throw refuse("the package has a path that npm writes in another form");
  return { ...member, root: "package", before: new Uint8Array(0), header };
}
