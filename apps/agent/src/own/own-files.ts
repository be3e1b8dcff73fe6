import { createHash } from "node:crypto";
import { createReadStream, type FSWatcher, watch } from "node:fs";
import { lstat, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Logger, THYMUS_VERSION } from "@thymus/contracts";
import { type FileFacts, factsAt } from "../files/regular.ts";
import type { Timeline } from "../link/timeline.ts";
import type { PackageManager } from "../packages/manager.ts";
import { readMeta, writeMeta } from "../state/meta.ts";
import type { Notices } from "../state/notices.ts";
import type { Database } from "../state/open.ts";
import { type OwnFile, type OwnPlaces, ownFiles } from "./places.ts";

export interface OwnFilesOptions {
  readonly db: Database;
  readonly log: Logger;
  readonly notices: Notices;
  readonly packages: PackageManager;
  readonly places: OwnPlaces;
  readonly recheckSeconds: number;
  readonly timeline: Timeline;
}

/** Milliseconds that changes of one moment are waited for. */
const TOGETHER = 200;
/** Milliseconds that the word of a change may take to arrive. */
const LATE = 2000;
/** Days for which a change stays among the notices. */
const TOLD_DAYS = 7;
/** Changes of one check that are told one by one. */
const TOLD_APART = 20;
const VERSION = "own-version";

/**
 * Watches what Thymus itself consists of: keys, what it trusts, configuration, unit, program, runtime. What neither the agent nor a
 * package nor an update of Thymus changed is told at once, with what it was and is; keys that others may read are told for as long as
 * they may. It tells and changes nothing: who can write there is root, or was let in by root.
 */
export class OwnFiles {
  readonly #options: OwnFilesOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  #timer: NodeJS.Timeout | null = null;
  #soon: NodeJS.Timeout | null = null;
  #working: Promise<void> = Promise.resolve();
  #ours = 0;
  #oursUntil = 0;
  #closed = false;

  constructor(options: OwnFilesOptions) {
    this.#options = options;
    options.notices.from(() => this.#told());
  }

  /** Compares with what was there when the agent ran last, then watches. */
  start(): void {
    this.check();
    this.#timer = setInterval(() => this.check(), this.#options.recheckSeconds * 1000).unref();
  }

  /** While the agent itself writes what it trusts (a new root of the repository), that is no finding. */
  async ours<T>(work: () => Promise<T>): Promise<T> {
    this.#ours++;
    try {
      return await work();
    } finally {
      this.#ours--;
      this.#oursUntil = Date.now() + LATE;
    }
  }

  /** Looks at all of them now. */
  check(): Promise<void> {
    this.#working = this.#working
      .then(() => (this.#closed ? undefined : this.#compare()))
      .catch((error: Error) => this.#options.log.warn("own files cannot be checked", { why: error.message }));
    return this.#working;
  }

  async #compare(): Promise<void> {
    const { db, packages, places, timeline } = this.#options;
    const rows = await db.selectFrom("own_file").selectAll().execute();
    const known = new Map(rows.map((row) => [row.path, row]));
    const updated = (await readMeta(db, VERSION)) !== THYMUS_VERSION;
    const files = await ownFiles(places);
    const findings: string[] = [];
    const open: string[] = [];
    for (const { path, kind } of files) {
      if (this.#closed) return;
      const facts = await factsAt(path).catch(() => null);
      const row = known.get(path);
      known.delete(path);
      if (!facts) {
        if (row) findings.push(await this.#gone(path, row.kind));
        continue;
      }
      if (kind === "key" && (facts.mode & 0o077) !== 0) open.push(`${path} (mode ${facts.mode.toString(8)})`);
      const marks = marksOf(facts, kind);
      if (row?.marks === marks) continue;
      const sha256 = kind === "store" ? "" : await digestOf(path);
      const what = row && differences(row, facts, sha256);
      const appeared = !row && rows.length > 0 && (kind === "unit" || kind === "code" || kind === "config");
      const finding = what || (appeared ? `appeared: sha256 ${sha256.slice(0, 16)}` : null);
      const explained =
        !finding ||
        (kind === "trust" && (this.#ours > 0 || Date.now() < this.#oursUntil)) ||
        (kind === "code" && updated) ||
        (kind !== "key" && kind !== "trust" && (await vouched(packages, path)));
      const told = explained ? (row?.told ?? null) : `${path} (${kind}) ${finding}`;
      const values = { kind, marks, sha256, mode: facts.mode, uid: facts.uid, gid: facts.gid, told };
      const at = explained ? (row?.at ?? "") : new Date().toISOString();
      await db
        .insertInto("own_file")
        .values({ path, at, ...values })
        .onConflict((conflict) => conflict.column("path").doUpdateSet({ at, ...values }))
        .execute();
      if (!explained) findings.push(told!);
    }
    for (const row of known.values()) findings.push(await this.#gone(row.path, row.kind));
    const told = findings.filter(Boolean);
    for (const what of told)
      await timeline.note(db, null, `a file of Thymus itself changed: ${what}`, told.length > TOLD_APART);
    if (told.length > TOLD_APART)
      await timeline.note(db, null, `${told.length} files of Thymus itself changed, e.g. ${told[0]}`);
    await this.#tellOpen(open);
    if (updated) await writeMeta(db, VERSION, THYMUS_VERSION);
    this.#watch(files);
  }

  async #gone(path: string, kind: string): Promise<string> {
    await this.#options.db.deleteFrom("own_file").where("path", "=", path).execute();
    // What the repository's client replaces has other names afterwards.
    return kind === "trust" ? "" : `${path} (${kind}) is gone`;
  }

  async #tellOpen(open: readonly string[]): Promise<void> {
    const { db, notices, timeline } = this.#options;
    const what = open.length === 0 ? null : `keys that others may read: ${open.join(", ")}; chmod 600 them`;
    if (what && !(await notices.list()).includes(what)) await timeline.note(db, null, what);
    notices.set("open-keys", what);
  }

  async #told(): Promise<string[]> {
    const since = new Date(Date.now() - TOLD_DAYS * 86_400_000).toISOString();
    const rows = await this.#options.db
      .selectFrom("own_file")
      .select("told")
      .where("told", "is not", null)
      .where("at", ">", since)
      .orderBy("at", "desc")
      .limit(10)
      .execute();
    return rows.map(({ told }) => `a file of Thymus itself changed: ${told}`);
  }

  /** A folder that cannot be watched is still looked at by every check. */
  #watch(files: readonly OwnFile[]): void {
    if (this.#closed) return;
    // The database changes all the time; its replacement is seen by the checks.
    const folders = new Set(files.filter(({ kind }) => kind !== "store").map(({ path }) => dirname(path)));
    for (const folder of folders) {
      if (this.#watchers.has(folder)) continue;
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#wake());
        watcher.on("error", () => {
          watcher.close();
          this.#watchers.delete(folder);
        });
        this.#watchers.set(folder, watcher);
      } catch {
        // Gone, or too many watches.
      }
    }
  }

  #wake(): void {
    if (this.#soon || this.#closed) return;
    this.#soon = setTimeout(() => {
      this.#soon = null;
      this.check();
    }, TOGETHER).unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearInterval(this.#timer);
    if (this.#soon) clearTimeout(this.#soon);
    for (const watcher of this.#watchers.values()) watcher.close();
    await this.#working;
  }
}

/** What tells whether a file is looked into again; the database is only asked whether it is another file. */
function marksOf({ ino, size, mtimeNs, ctimeNs, mode, uid, gid }: FileFacts, kind: string): string {
  const lasting = [ino, mode, uid, gid];
  return (kind === "store" ? lasting : [...lasting, size, mtimeNs, ctimeNs]).join(" ");
}

interface Before {
  readonly kind: string;
  readonly marks: string;
  readonly sha256: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

function differences(before: Before, now: FileFacts, sha256: string): string | null {
  const found: string[] = [];
  if (before.sha256 !== sha256)
    found.push(`content ${before.sha256.slice(0, 16)} -> ${sha256.slice(0, 16)}, ${now.size} bytes`);
  if (before.mode !== now.mode) found.push(`mode ${before.mode.toString(8)} -> ${now.mode.toString(8)}`);
  if (before.uid !== now.uid || before.gid !== now.gid)
    found.push(`owner ${before.uid}:${before.gid} -> ${now.uid}:${now.gid}`);
  if (before.kind === "store" && before.marks.split(" ")[0] !== String(now.ino))
    found.push("it is another file");
  if (found.length === 0) return null;
  return `${found.join("; ")} (written ${new Date(Number(now.mtimeNs / 1_000_000n)).toISOString()})`;
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/** Bytes above which a file is not held in memory to ask the package manager. */
const ASKED = 256 << 20;

async function vouched(packages: PackageManager, path: string): Promise<boolean> {
  try {
    if ((await lstat(path)).size > ASKED) return false;
    return (await packages.vouches(new Map([[path, await readFile(path)]]))).has(path);
  } catch {
    return false;
  }
}
