import { z } from "zod";

/** Bytes of a lockfile that is read. */
export const MAX_LOCKFILE = 64 << 20;

const Entry = z.object({
  version: z.string().optional(),
  integrity: z.string().optional(),
  link: z.boolean().optional(),
});
const Lockfile = z.object({ packages: z.record(z.string(), Entry) });

/** An installed package by its place, e.g. `node_modules/a/node_modules/b`. */
export interface Locked {
  readonly place: string;
  readonly name: string;
  readonly version: string;
  /** sha512 of its tarball in hex, where the lockfile has it. */
  readonly sha512: string | null;
}

/** The packages of a package-lock.json of version 2 or 3, or of npm's own node_modules/.package-lock.json; empty for anything else. */
export function parseLockfile(text: string): Map<string, Locked> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return new Map();
  }
  const parsed = Lockfile.safeParse(document);
  if (!parsed.success) return new Map();
  const found = new Map<string, Locked>();
  for (const [place, { version = "", integrity = "", link }] of Object.entries(parsed.data.packages)) {
    if (link || !place.startsWith("node_modules/")) continue;
    const base64 = /(?:^|\s)sha512-([A-Za-z0-9+/]{86}==)/.exec(integrity)?.[1];
    const sha512 = base64 ? Buffer.from(base64, "base64").toString("hex") : null;
    const name = place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length);
    found.set(place, { place, name, version, sha512 });
  }
  return found;
}

/** The project and the place in it of a path below a node_modules folder; null for any other path. */
export function placeOf(path: string): { project: string; rest: string } | null {
  const at = path.indexOf("/node_modules/");
  return at < 0 ? null : { project: path.slice(0, at), rest: path.slice(at + 1) };
}

/** The package that a place belongs to: the innermost one that is locked. */
export function packageAt(locked: ReadonlyMap<string, Locked>, rest: string): Locked | null {
  const parts = rest.split("/");
  for (let length = parts.length - 1; length > 1; length--) {
    const found = locked.get(parts.slice(0, length).join("/"));
    if (found) return found;
  }
  return null;
}
