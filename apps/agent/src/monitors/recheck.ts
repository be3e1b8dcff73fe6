import type { Logger } from "@thymus/contracts";
import { factsAt } from "../files/regular.ts";
import { walkFiles } from "../files/walk.ts";
import { readMeta, writeMeta } from "../state/meta.ts";
import type { Database } from "../state/open.ts";
import { accept, type BaselineRow, unchangedSince } from "./baseline.ts";
import { examine } from "./examine.ts";

export interface CompareOptions {
  readonly db: Database;
  readonly root: string;
  readonly maxBytes: number;
  readonly skip: (folder: string) => boolean;
  readonly ignore: (path: string) => boolean | Promise<boolean>;
  readonly log: Logger;
}

export interface Comparison {
  /** Paths whose metadata differ from the baseline, that are not in it, or that are gone. */
  readonly different: string[];
  readonly files: number;
}

/** Compares a root with the baseline by metadata alone: cheap, and independent of any event. */
export async function compareWithBaseline(options: CompareOptions): Promise<Comparison> {
  const { db, root, skip, ignore, log } = options;
  type Row = Pick<BaselineRow, "path" | "size" | "mtime_ns" | "ctime_ns" | "ino">;
  const rows: Row[] = await db
    .selectFrom("file")
    .select(["path", "size", "mtime_ns", "ctime_ns", "ino"])
    .where("root", "=", root)
    .execute();
  const known = new Map(rows.map((row) => [row.path, row]));
  const different: string[] = [];
  let files = 0;
  const unreadable: string[] = [];
  const onError = (folder: string, error: Error) => {
    unreadable.push(folder);
    log.warn("a folder cannot be read", { folder, why: error.message });
  };
  for await (const path of walkFiles(root, { skip, onError })) {
    files++;
    const row = known.get(path);
    known.delete(path);
    if (await ignore(path)) continue;
    const facts = await factsAt(path).catch(() => null);
    if (facts && (!row || !unchangedSince(row as BaselineRow, facts))) different.push(path);
  }
  // What lies in a folder that cannot be read now is not gone.
  for (const path of known.keys())
    if (!unreadable.some((folder) => path.startsWith(`${folder}/`))) different.push(path);
  return { different, files };
}

const metaKey = (root: string) => `baseline:${root}`;

export async function hasBaseline(db: Database, root: string): Promise<boolean> {
  return (await readMeta(db, metaKey(root))) !== null;
}

/** Takes a whole root into self as it is now. @returns number of programs */
export async function createBaseline(options: CompareOptions): Promise<number> {
  const { db, root, maxBytes, skip, ignore, log } = options;
  let programs = 0;
  const onError = (folder: string, error: Error) =>
    log.warn("a folder cannot be read", { folder, why: error.message });
  await db.deleteFrom("file").where("root", "=", root).execute();
  for await (const path of walkFiles(root, { skip, onError })) {
    if (await ignore(path)) continue;
    const now = await examine(path, maxBytes).catch((error: Error) => {
      log.warn("a file cannot be read", { path, why: error.message });
      return null;
    });
    if (!now) continue;
    if (now.program) programs++;
    await accept(db, root, now, "first-baseline");
  }
  await writeMeta(db, metaKey(root), new Date().toISOString());
  return programs;
}
