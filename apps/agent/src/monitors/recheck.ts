import type { Logger } from "@thymus/contracts";
import { byteString, shown, textOf } from "../integrity/byte-string.ts";
import { forgetBytes, recordBytes } from "../integrity/entries.ts";
import type { TreeChange, TreeProblem } from "../integrity/protocol.ts";
import { runTree } from "../integrity/tree-run.ts";
import { databaseFile, exceptions, treeAt } from "../integrity/tree-units.ts";
import { readMeta } from "../state/meta.ts";
import type { Database } from "../state/open.ts";

export interface CompareOptions {
  readonly db: Database;
  readonly root: string;
  readonly maxBytes: number;
  /** Folders within the root that are not entered. */
  readonly skip: readonly string[];
  /** Asked only of what differs. */
  readonly ignore: (path: string) => boolean | Promise<boolean>;
  readonly log: Logger;
  readonly signal?: AbortSignal;
}

export interface Comparison {
  /** Paths of files whose metadata differ from the baseline, that are not in it, or that are gone. */
  readonly different: string[];
  readonly files: number;
  readonly seconds: number;
}

/** Nice value of the agent's threads above that of the agent. */
const NICE = 5;
/** Milliseconds of a turn: what is done in one is lost where the process is killed. */
const QUANTUM = 250;
/** Paths that one line of the log names. */
const NAMED = 5;

/**
 * Compares a root with the baseline by metadata alone: cheap, and independent of any event. Links, folders and devices that changed are
 * told and taken in at once: only the content of files is judged.
 */
export async function compareWithBaseline(options: CompareOptions): Promise<Comparison> {
  const { db, root, ignore, log } = options;
  const started = performance.now();
  const different: string[] = [];
  const others: TreeChange[] = [];
  const { files } = await runTree({
    job: { ...(await jobOf(options)), mode: "check", content: "none", run: 0, how: "" },
    units: [treeAt(root, root)],
    signal: options.signal,
    async onChanges(changes) {
      for (const change of changes) {
        const path = textOf(change.path);
        if (change.kind !== "file" || path === null) others.push(change);
        else if (!(await ignore(path))) different.push(path);
      }
    },
    onProblem: (problem) => tellProblem(log, problem),
  });
  await takeIn(db, others, log);
  return { different, files, seconds: (performance.now() - started) / 1000 };
}

async function takeIn(db: Database, others: readonly TreeChange[], log: Logger): Promise<void> {
  if (others.length === 0) return;
  const named = others.slice(0, NAMED).map(({ path, what }) => `${what} ${shown(path)}`);
  const strange = others.some(({ kind }) => kind === "file");
  log[strange ? "warn" : "info"](
    `links, folders or devices${strange ? ", or files whose names are no UTF-8 and that cannot be judged," : ""} changed and are taken in`,
    { count: others.length, named },
  );
  for (const { path, stamp, after } of others)
    if (stamp === null) await forgetBytes(db, path);
    else await recordBytes(db, path, { stamp, sha256: after, program: 0 });
}

export const tellProblem = (log: Logger, { path, what, why }: TreeProblem) => {
  if (what !== "vanished") log.warn(`${what} in a comparison with the baseline`, { path: shown(path), why });
};

export async function jobOf({ db, root, skip, maxBytes }: CompareOptions) {
  return {
    database: await databaseFile(db),
    skip: skip.filter((folder) => folder !== root).map(byteString),
    except: await exceptions(db),
    oneFileSystem: false,
    maxBytes,
    // What is larger is read by the slow check of contents.
    hashBytes: maxBytes,
    quantum: QUANTUM,
    nice: NICE,
  };
}

export const baselineKey = (root: string) => `baseline:${root}`;

export async function hasBaseline(db: Database, root: string): Promise<boolean> {
  return (await readMeta(db, baselineKey(root))) !== null;
}
