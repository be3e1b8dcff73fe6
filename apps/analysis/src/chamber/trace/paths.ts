/** Paths as the kernel has resolved them: names from a file outwards, and the file system that they lie on. */
import { posix } from "node:path";
import type { Values } from "./record.ts";

/** Names of one path that a record holds at most (guest/trace.sh). */
const LEVELS = 9;
/** Stands for what is above a path that is deeper, or lies on a file system of the sample's own. */
const UNKNOWN_ABOVE = "…";

interface Mount {
  readonly place: string;
  /** The part of the file system that lies there. */
  readonly part: string;
}
export type Mounts = ReadonlyMap<number, Mount>;

/** Reads lines `NUMBER PLACE PART`; the number is st_dev as stat(1) tells it, the kernel's own form is returned. */
export function parseMounts(text: string): Mounts {
  const mounts = new Map<number, Mount>();
  for (const line of text.split("\n")) {
    const [device, place, part] = line.split(" ");
    if (!/^\d+$/.test(device ?? "") || !place || !part) continue;
    const told = Number(device);
    const minor = (told & 0xff) | ((told >>> 12) & 0xfff00);
    mounts.set((((told >>> 8) & 0xfff) << 20) | minor, { place, part });
  }
  return mounts;
}

/** Path of a record's file; `whole` is false where only its end is known. */
export function resolvedPath(
  values: Values,
  mounts: Mounts,
  prefix = "n",
  device = "dev",
): { path: string; whole: boolean } {
  const names: string[] = [];
  let root = false;
  for (let level = 0; level < LEVELS && !root; level++) {
    const name = values.text(`${prefix}${level}`);
    root = name === "/";
    if (!root) names.unshift(name);
  }
  const inner = `/${names.join("/")}`;
  const mount = mounts.get(values.number(device));
  if (!root || !mount) return { path: `${UNKNOWN_ABOVE}${inner}`, whole: false };
  if (mount.part === "/") return { path: posix.join(mount.place, inner), whole: true };
  if (inner !== mount.part && !inner.startsWith(`${mount.part}/`))
    return { path: `${UNKNOWN_ABOVE}${inner}`, whole: false };
  return { path: `${mount.place}${inner.slice(mount.part.length)}`, whole: true };
}

/** A name as a program gave it, below the folder that it works in where that is known. */
export function namedPath(name: string, folder: string | undefined): string {
  if (name.startsWith("/")) return posix.normalize(name);
  return folder === undefined || name === "" ? name : posix.join(folder, name);
}
