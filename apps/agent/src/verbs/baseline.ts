import { lstat, mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { ThymusError } from "@thymus/contracts";
import { Roots } from "../files/roots.ts";
import { walkFiles } from "../files/walk.ts";
import { accept, baselineRow, forget, programsBelow } from "../monitors/baseline.ts";
import { examine } from "../monitors/examine.ts";
import { writeMeta } from "../state/meta.ts";
import { type Database, openAgentDatabase } from "../state/open.ts";
import type { VerbOptions } from "./quarantine.ts";

export interface BaselineDifference {
  readonly path: string;
  readonly what: "changed" | "appeared" | "gone";
  readonly sha256Before: string | null;
  readonly sha256After: string | null;
}

/** `thymus baseline ...`. Paths are files or folders; left out: every watched root. Works beside a running agent. */
export interface BaselineVerbs {
  /** Takes everything there into self as it is now. @returns number of programs */
  create(paths?: readonly string[]): Promise<{ programs: number; files: number }>;
  /** Compares by content. Programs only. @throws ThymusError NOT_FOUND */
  check(paths?: readonly string[]): Promise<BaselineDifference[]>;
  /** Takes what differs into self. @returns what was accepted */
  accept(paths?: readonly string[]): Promise<BaselineDifference[]>;
  close(): Promise<void>;
}

export async function openBaseline({ dataDir, config }: VerbOptions): Promise<BaselineVerbs> {
  const drill = join(dataDir, "drill");
  await mkdir(drill, { recursive: true, mode: 0o700 });
  const db = await openAgentDatabase(dataDir);
  const roots = await Roots.of(config.agent.watch, dataDir, drill);
  const maxBytes = config.admin.maxSampleBytes;
  const named = async (paths?: readonly string[]) =>
    paths && paths.length > 0 ? Promise.all(paths.map(realPath)) : [...roots.all];

  const each = async (
    paths: readonly string[] | undefined,
    work: (path: string, root: string) => Promise<void>,
  ): Promise<void> => {
    for (const top of await named(paths)) {
      for await (const path of filesOf(top, roots))
        if (!(await isDecoy(db, path))) await work(path, roots.of(path) ?? top);
    }
  };
  const differences = async (paths?: readonly string[]): Promise<BaselineDifference[]> => {
    const found: BaselineDifference[] = [];
    const seen = new Set<string>();
    await each(paths, async (path) => {
      seen.add(path);
      const row = await baselineRow(db, path);
      const now = await examine(path, maxBytes, row?.program === 1);
      if (!now || (!now.program && row?.program !== 1)) return;
      const after = now.content?.sha256 ?? null;
      if (row?.program === 1 && row.sha256 === after) return;
      const what = row ? "changed" : "appeared";
      found.push({ path, what, sha256Before: row?.sha256 ?? null, sha256After: after });
    });
    for (const top of await named(paths))
      for (const row of await programsBelow(db, top))
        if (!seen.has(row.path))
          found.push({ path: row.path, what: "gone", sha256Before: row.sha256, sha256After: null });
    return found.sort((a, b) => (a.path < b.path ? -1 : 1));
  };
  const take = async (path: string, root: string, how: string) => {
    const now = await examine(path, maxBytes);
    if (now) await accept(db, root, now, how);
    return now;
  };

  return {
    async create(paths) {
      let programs = 0;
      let files = 0;
      await each(paths, async (path, root) => {
        const now = await take(path, root, "first-baseline");
        if (now) files++;
        if (now?.program) programs++;
      });
      for (const top of await named(paths))
        if (roots.all.includes(top)) await writeMeta(db, `baseline:${top}`, new Date().toISOString());
      return { programs, files };
    },
    check: differences,
    async accept(paths) {
      const found = await differences(paths);
      for (const { path, what } of found) {
        if (what === "gone") await forget(db, path);
        else await take(path, roots.of(path) ?? path, "accepted-by-hand");
      }
      return found;
    },
    close: () => db.destroy(),
  };
}

async function realPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    throw new ThymusError("NOT_FOUND", `${path} is not there`, "check the path");
  }
}

async function* filesOf(top: string, roots: Roots): AsyncGenerator<string> {
  const stat = await lstat(top).catch(() => null);
  if (stat?.isFile()) yield top;
  else if (stat?.isDirectory())
    yield* walkFiles(top, { skip: (folder) => folder !== top && roots.skip(folder) });
}

async function isDecoy(db: Database, path: string): Promise<boolean> {
  const row = await db.selectFrom("decoy").select("path").where("path", "=", path).executeTakeFirst();
  return row !== undefined;
}
