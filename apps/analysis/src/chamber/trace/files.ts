/** Records about files: all but the opening itself, which takes two records. */
import { type Mounts, resolvedPath } from "./paths.ts";
import type { Values } from "./record.ts";
import type { Reader, Seen } from "./seen.ts";

const here = (values: Values, mounts: Mounts) => resolvedPath(values, mounts).path;
const there = (values: Values, mounts: Mounts) => resolvedPath(values, mounts, "m", "dev2").path;
const owner = (id: number) => (id === -1 ? "same" : String(id));
/** Kinds of file in a mode, but for the ordinary one. */
const nodes: ReadonlyMap<number, string> = new Map([
  [0o010000, "pipe"],
  [0o020000, "character device"],
  [0o060000, "block device"],
  [0o140000, "socket"],
]);

export const fileReaders: Readonly<Record<string, Reader>> = {
  unlink: (values, { mounts }) => ({ what: "unlink", path: here(values, mounts) }),
  rmdir: (values, { mounts }) => ({ what: "unlink", path: here(values, mounts), detail: "folder" }),
  mkdir: (values, { mounts }) => ({ what: "mkdir", path: here(values, mounts) }),
  // A file is made: by open(2), which is told there, or by mknod(2) and bind(2).
  mknod: (values, { mounts }) => {
    const node = nodes.get(values.number("mode") & 0o170000);
    return { what: "open-write", path: here(values, mounts), detail: node ? `create ${node}` : "create" };
  },
  symlink: (values, { mounts }) => ({
    what: "link",
    path: here(values, mounts),
    detail: `symbolic, to ${values.text("target")}`,
  }),
  link: (values, { mounts }) => ({
    what: "link",
    path: there(values, mounts),
    detail: `to ${here(values, mounts)}`,
  }),
  rename: (values, { mounts }) => ({
    what: "rename",
    path: here(values, mounts),
    detail: there(values, mounts),
  }),
  chmod: (values, { mounts }) => ({
    what: "chmod",
    path: here(values, mounts),
    detail: (values.number("mode") & 0o7777).toString(8).padStart(4, "0"),
  }),
  chown: (values, { mounts }) => ({
    what: "chown",
    path: here(values, mounts),
    detail: `user ${owner(values.number("uid"))} group ${owner(values.number("gid"))}`,
  }),
  utime: (values, { mounts }) => ({
    what: "utime",
    path: here(values, mounts),
    detail: modified(values),
  }),
  truncate: (values, { mounts }) => ({
    what: "open-write",
    path: here(values, mounts),
    detail: `truncate to ${values.number("size")}`,
  }),
};

const UTIME_NOW = 0x3fffffff;
const UTIME_OMIT = 0x3ffffffe;

function modified(values: Values): string {
  const nanoseconds = values.number("nanoseconds");
  if (nanoseconds === UTIME_NOW) return "modified now";
  if (nanoseconds === UTIME_OMIT) return "modified stays";
  const date = new Date(values.number("seconds") * 1000);
  return `modified ${Number.isNaN(date.getTime()) ? values.number("seconds") : date.toISOString()}`;
}

const [CREATE, TRUNCATE, FOLDER] = [0o100, 0o1000, 0o200000];
/** The kernel's own mark in f_mode: this opening has made the file. */
const CREATED = 0x100000;

/** What an opening asks for, before it is known whether it is granted. */
export function openingOf(values: Values, path: string): Seen {
  const flags = values.number("flags");
  if (flags & 3 || flags & CREATE) return { what: "open-write", path };
  return { what: "open-read", path, ...(flags & FOLDER ? { detail: "folder" } : {}) };
}

/** Completes an opening by the record that it was granted. */
export function granted(seen: Seen, values: Values, mounts: Mounts): void {
  const { path, whole } = resolvedPath(values, mounts);
  if (whole || !seen.path?.startsWith("/")) seen.path = path;
  if (seen.what !== "open-write") return;
  if (values.number("mode") & CREATED) seen.detail = "create";
  else if (values.number("flags") & TRUNCATE) seen.detail = "truncate";
}
