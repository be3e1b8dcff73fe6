import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { ThymusError } from "@thymus/contracts";
import { foreignBelow, Roots, watchedFolders } from "../files/roots.ts";
import { byteString, shown, textOf } from "../integrity/byte-string.ts";
import { isCovered } from "../integrity/entries.ts";
import { beginMaking, endMaking } from "../integrity/making.ts";
import type { TreeChange, TreeCounts, TreeJob, TreeTrouble } from "../integrity/protocol.ts";
import { runTree } from "../integrity/tree-run.ts";
import { databaseFile, exceptions, treeAt } from "../integrity/tree-units.ts";
import { writeMeta } from "../state/meta.ts";
import { openAgentDatabase } from "../state/open.ts";
import type { VerbOptions } from "./quarantine.ts";

export interface BaselineDifference {
  /** What of it is no UTF-8 is replaced; then `pathBytes` (base64) has it exactly. */
  readonly path: string;
  readonly pathBytes?: string;
  readonly what: "changed" | "appeared" | "gone";
  readonly kind: TreeChange["kind"];
  /** What differs, of `changed`: content, kind, mode, owner, group, size, mtime, ctime, inode, device. */
  readonly fields: readonly string[];
  /** Hex; of a link: of its target; null where unknown. */
  readonly sha256Before: string | null;
  readonly sha256After: string | null;
}

export interface BaselineTrouble {
  readonly path: string;
  readonly what: TreeTrouble;
  readonly why: string;
}

export interface BaselineSummary extends TreeCounts {
  readonly differences: number;
  readonly unreadable: number;
  /** Gone, or written to, during all of it: what was found is not of one moment. */
  readonly vanished: number;
  readonly changing: number;
  readonly otherFileSystems: number;
  readonly seconds: number;
}

export interface BaselineOptions {
  /** Read the content of all files, also of those that nothing moved. */
  readonly content?: boolean | undefined;
  readonly oneFileSystem?: boolean | undefined;
  /** Begin from the start where an earlier making was interrupted. */
  readonly anew?: boolean | undefined;
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  onDifference?(difference: BaselineDifference): void;
  onTrouble?(trouble: BaselineTrouble): void;
  onProgress?(counts: Readonly<TreeCounts>): void;
  /** An interrupted making goes on. @param started instant at which it began */
  onResumed?(path: string, started: string): void;
}

/**
 * `thymus baseline ...`. Paths are files or folders; left out: every watched root. Works beside a running agent. Interrupted, each goes
 * on where it stopped (INTERRUPTED says so).
 */
export interface BaselineVerbs {
  /**
   * Takes everything there into self as it is now. Where an interrupted making goes on, what it had recorded and what is not so any
   * more is a difference, and stays as it was recorded.
   */
  create(paths?: readonly string[], options?: BaselineOptions): Promise<BaselineSummary>;
  /**
   * Compares by metadata, and by content what was written or moved. What has the content, kind, owner and mode that is known is no
   * difference. @throws ThymusError NOT_FOUND (no such path, or no baseline of it)
   */
  check(paths?: readonly string[], options?: BaselineOptions): Promise<BaselineSummary>;
  /** Takes what differs into self. */
  accept(paths?: readonly string[], options?: BaselineOptions): Promise<BaselineSummary>;
  close(): Promise<void>;
}

/** Milliseconds of a turn of a thread; what was done in one is lost where the process is killed. */
const QUANTUM = 250;

export async function openBaseline({ dataDir, config }: VerbOptions): Promise<BaselineVerbs> {
  const drill = join(dataDir, "drill");
  await mkdir(drill, { recursive: true, mode: 0o700 });
  const db = await openAgentDatabase(dataDir);
  const roots = await Roots.of(watchedFolders(config), dataDir, drill);
  const topsOf = async (paths?: readonly string[]) =>
    paths && paths.length > 0 ? outermost(await Promise.all(paths.map(realPath))) : [...roots.all];

  const walk = async (
    tops: readonly string[],
    options: BaselineOptions,
    how: Pick<TreeJob, "mode" | "content" | "run" | "how" | "keeps">,
  ): Promise<BaselineSummary> => {
    const started = performance.now();
    const troubles = { unreadable: 0, vanished: 0, changing: 0, "other-file-system": 0 };
    let differences = 0;
    const counts = await runTree({
      job: {
        ...how,
        database: await databaseFile(db),
        skip: [...roots.skipped, ...foreignBelow(tops)]
          .filter((folder) => !tops.includes(folder))
          .map(byteString),
        except: await exceptions(db),
        oneFileSystem: options.oneFileSystem ?? false,
        maxBytes: config.admin.maxSampleBytes,
        hashBytes: Number.MAX_SAFE_INTEGER,
        quantum: QUANTUM,
        nice: 0,
      },
      units: tops.map((top) => treeAt(top, roots.of(top) ?? top)),
      threads: options.threads,
      signal: options.signal,
      onChanges(changes) {
        differences += changes.length;
        if (options.onDifference) for (const change of changes) options.onDifference(differenceOf(change));
      },
      onProblem({ path, what, why }) {
        troubles[what]++;
        options.onTrouble?.({ path: shown(path), what, why });
      },
      ...(options.onProgress && { onProgress: options.onProgress }),
    });
    const { "other-file-system": otherFileSystems, ...rest } = troubles;
    return {
      ...counts,
      differences,
      ...rest,
      otherFileSystems,
      seconds: (performance.now() - started) / 1000,
    };
  };
  const compared = async (
    mode: "check" | "accept",
    paths: readonly string[] = [],
    options: BaselineOptions,
  ) => {
    const tops = await topsOf(paths);
    for (const top of paths.length > 0 ? tops : [])
      if (top !== "/" && roots.of(top) === null && !roots.all.includes(top) && !(await isCovered(db, top)))
        throw new ThymusError(
          "NOT_FOUND",
          `there is no baseline of ${top}`,
          "make one with `thymus baseline create`",
        );
    const content = options.content ? "all" : "differing";
    return walk(tops, options, { mode, content, run: 0, how: "accepted-by-hand" });
  };

  return {
    async create(paths, options = {}) {
      const tops = await topsOf(paths);
      const name = tops.join("\0");
      const making = await beginMaking(db, name, options.anew);
      if (making.resumed) options.onResumed?.(tops.join(", "), making.started);
      const made = await walk(tops, options, {
        mode: "create",
        content: "all",
        run: making.run,
        how: "first-baseline",
        keeps: "run",
      });
      for (const top of tops)
        if (roots.all.includes(top)) await writeMeta(db, `baseline:${top}`, new Date().toISOString());
      await endMaking(db, name);
      return made;
    },
    check: (paths, options = {}) => compared("check", paths, options),
    accept: (paths, options = {}) => compared("accept", paths, options),
    close: () => db.destroy(),
  };
}

function differenceOf({ path, what, kind, fields, before, after }: TreeChange): BaselineDifference {
  const text = textOf(path);
  return {
    path: text ?? shown(path),
    ...(text === null && { pathBytes: Buffer.from(path, "latin1").toString("base64") }),
    what,
    kind,
    fields,
    sha256Before: hex(before),
    sha256After: hex(after),
  };
}

const hex = (sha256: string | null) => sha256 && Buffer.from(sha256, "base64url").toString("hex");

/** A path within another one is done with it. */
function outermost(paths: readonly string[]): string[] {
  const inside = (path: string, other: string) =>
    path.startsWith(other === "/" ? "/" : `${other}/`) && path !== other;
  return [...new Set(paths)].filter((path) => !paths.some((other) => inside(path, other)));
}

async function realPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    throw new ThymusError("NOT_FOUND", `${path} is not there`, "check the path");
  }
}
