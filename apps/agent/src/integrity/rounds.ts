import { setTimeout } from "node:timers/promises";
import type { Logger } from "@thymus/contracts";
import type { Politeness } from "../citizen/politeness.ts";
import type { Timeline } from "../link/timeline.ts";
import { readMeta, writeMeta } from "../state/meta.ts";
import type { Database } from "../state/open.ts";
import { joinPath, shown, textOf } from "./byte-string.ts";
import type { TreeChange, TreeUnit } from "./protocol.ts";
import { kindOf } from "./stamp.ts";
import { runTree } from "./tree-run.ts";
import { databaseFile } from "./tree-units.ts";

export interface RoundsOptions {
  readonly db: Database;
  readonly log: Logger;
  readonly timeline: Timeline;
  readonly politeness: Politeness;
  readonly maxBytes: number;
  /** Days of one round; 0: never. */
  readonly days: number;
  readonly rootOf: (path: string) => string | null;
  /** A file is not what its metadata say: it is to be judged. */
  readonly onForged: (root: string, path: string) => void;
}

/** Minutes between two stretches of a round. */
const PAUSE = 1;
/** Entries of one stretch: until a first round has counted them, and bounds. */
const FIRST = 500;
const LEAST = 20;
const MOST = 5000;
const NICE = 15;

interface Place {
  readonly folder: number;
  readonly name: string;
  /** Entries of this round so far, and of the one before. */
  readonly seen: number;
  readonly before: number;
}
const BEGIN: Place = { folder: 0, name: "", seen: 0, before: 0 };
const KEY = "content-round";

/**
 * Reads the content of all known files again, a few each minute, so that a round takes some days: what was written past the file system,
 * while the clock was set back, or by a failing disk, no metadata shows. What was not read yet (documents that changed, huge files) gets
 * its digest here. A restart goes on where the last stretch ended.
 */
export class Rounds {
  readonly #options: RoundsOptions;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;

  constructor(options: RoundsOptions) {
    this.#options = options;
    this.#ended = options.days > 0 ? this.#go() : Promise.resolve();
  }

  async #go(): Promise<void> {
    const { log, politeness } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await setTimeout(PAUSE * 60_000, undefined, { signal, ref: false });
        if (await politeness.mayWork("recheck")) await this.stretch();
      } catch (error) {
        if (!signal.aborted) log.warn("contents cannot be read again", { why: (error as Error).message });
      }
    }
  }

  /** The next few entries. */
  async stretch(): Promise<void> {
    const { db, days, maxBytes } = this.#options;
    const place: Place = { ...BEGIN, ...JSON.parse((await readMeta(db, KEY)) ?? "{}") };
    const share = place.before === 0 ? FIRST : (place.before * PAUSE) / (days * 24 * 60);
    const limit = Math.min(MOST, Math.max(LEAST, Math.ceil(share)));
    const rows = await db
      .selectFrom("tree_entry")
      .innerJoin("tree_folder", "tree_folder.id", "tree_entry.folder")
      .select(["folder", "name", "path", "stamp"])
      .where((eb) => eb(eb.refTuple("folder", "name"), ">", eb.tuple(place.folder, place.name)))
      .orderBy("folder")
      .orderBy("name")
      .limit(limit)
      .execute();
    const units = rows.flatMap(({ path, name, stamp }): TreeUnit[] => {
      if (kindOf(stamp) !== "file" || !this.#isOurs(joinPath(path, name))) return [];
      return [{ folder: path, root: path, device: null, names: [name], from: name, to: `${name}\0` }];
    });
    await runTree({
      job: {
        database: await databaseFile(db),
        mode: "check",
        content: "all",
        learns: true,
        skip: [],
        except: [],
        oneFileSystem: false,
        maxBytes,
        hashBytes: Number.MAX_SAFE_INTEGER,
        run: 0,
        how: "",
        quantum: 250,
        nice: NICE,
      },
      units,
      threads: 1,
      signal: this.#stop.signal,
      onChanges: (changes) => this.#judge(changes),
    });
    const last = rows.at(-1);
    const seen = place.seen + rows.length;
    const next =
      last && rows.length === limit
        ? { folder: last.folder, name: last.name, seen, before: place.before }
        : { ...BEGIN, before: seen };
    await writeMeta(db, KEY, JSON.stringify(next));
  }

  #isOurs(bytes: string): boolean {
    return this.#options.rootOf(textOf(bytes) ?? shown(bytes)) !== null;
  }

  /** What moved is for the comparison by metadata; here only what did not. */
  async #judge(changes: readonly TreeChange[]): Promise<void> {
    const { db, log, onForged, rootOf, timeline } = this.#options;
    for (const { path: bytes, what, fields } of changes) {
      if (what !== "changed" || fields.length !== 1 || fields[0] !== "content") continue;
      const path = textOf(bytes);
      const named = path ?? shown(bytes);
      log.warn("a content changed although its size and times did not", { path: named });
      await timeline.note(
        db,
        null,
        `the content of ${named} changed although its size and times did not: written past the file system, or a failing disk`,
      );
      const root = path && rootOf(path);
      if (root) onForged(root, path);
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }
}
