import { uptime } from "node:os";
import { failpoint, TEMPORARY_PREFIX } from "@thymus/store";
import { byteString } from "../integrity/byte-string.ts";
import { beginMaking, endMaking } from "../integrity/making.ts";
import type { TreeCounts, TreeNews } from "../integrity/protocol.ts";
import { runTree } from "../integrity/tree-run.ts";
import { treeAt } from "../integrity/tree-units.ts";
import { writeMeta } from "../state/meta.ts";
import type { Database } from "../state/open.ts";
import { baselineKey, type CompareOptions, jobOf, tellProblem } from "./recheck.ts";

export interface FirstBaseline {
  readonly programs: number;
  /** Something is not as it was recorded, or came since it was begun: the root is to be compared. */
  readonly differs: boolean;
}

/**
 * Takes a whole root into self as it was when this was begun first; after an interruption it goes on. What is known already stays as it
 * is known: what an interrupted making recorded, what was accepted meanwhile, and folders that had a baseline before the folder around
 * them was watched. What changed or came since is left to the comparison that follows.
 */
export async function createBaseline(
  options: CompareOptions,
  onProgress: (counts: Readonly<TreeCounts>) => Promise<void>,
): Promise<FirstBaseline> {
  const { db, root, log, signal } = options;
  const { run, started } = await beginMaking(db, root);
  const within = await baselinesAround(db, root);
  let differs = false;
  const { programs } = await runTree({
    job: {
      ...(await jobOf(options)),
      ...{ mode: "create", content: "all", run, how: "first-baseline", keeps: "all" },
      news: newsOf(started, within),
    },
    units: [treeAt(root, root)],
    signal,
    onChanges() {
      differs = true;
    },
    onProblem: (problem) => tellProblem(log, problem),
    async onProgress(counts) {
      await onProgress(counts);
      if (counts.entries > 0) await failpoint("agent.baseline.recorded");
    },
  });
  await db.transaction().execute(async (trx) => {
    for (const folder of within)
      if (folder !== root) await trx.updateTable("file").set({ root }).where("root", "=", folder).execute();
    await writeMeta(trx, baselineKey(root), new Date().toISOString());
    await endMaking(trx, root);
  });
  return { programs, differs };
}

function newsOf(started: string, folders: readonly string[]): TreeNews {
  const since = Date.parse(started);
  return {
    since,
    uptime: uptime() - Math.max(0, Date.now() - since) / 1000,
    folders: folders.map(byteString),
    temporary: TEMPORARY_PREFIX,
  };
}

/** Folders below a root that have a baseline; the root itself where a folder around it has one. */
async function baselinesAround(db: Database, root: string): Promise<string[]> {
  const prefix = baselineKey("");
  const rows = await db.selectFrom("meta").select("key").where("key", "like", `${prefix}%`).execute();
  const folders = rows.map(({ key }) => key.slice(prefix.length));
  const inside = (path: string, folder: string) => path.startsWith(folder === "/" ? "/" : `${folder}/`);
  if (folders.some((folder) => inside(root, folder))) return [root];
  return folders.filter((folder) => inside(folder, root));
}
