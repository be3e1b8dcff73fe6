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
export function repack(tarball: Tarball, { order, headers }: Omit<Packing, "gzip">): Tarball {
  let { members, tail } = tarball;
  if (headers === "npm") {
    // npm writes no folders, only files.
    members = members.filter(({ file }) => file).map(asNpm);
    tail = npmTail;
  }
  if (order === "npm") members = members.toSorted(compareMembers);
  return { members, tail };
}

function asNpm(member: TarMember): TarMember {
  const header = npmHeader(`package/${member.path}`, member.mode & 0o777, member.content.length);
  if (header === null) throw refuse("the package has a path that npm writes in another form");
  return { ...member, root: "package", before: new Uint8Array(0), header };
}
