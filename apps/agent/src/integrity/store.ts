/** The tree tables of agent.db for one thread; what is to be written waits for one transaction. */
import { DirectDatabase } from "@thymus/store/direct";
import { joinPath, textOf } from "./byte-string.ts";
import type { Seen } from "./program.ts";
import type { TreeJob } from "./protocol.ts";
import { readStamp } from "./stamp.ts";

/** Earlier contents of one program that are kept. */
const HISTORY = 5;

export interface KnownEntry {
  readonly name: string;
  readonly stamp: string;
  readonly program: number;
  readonly run: number;
}

export interface NewEntry {
  readonly folder: string;
  readonly name: string;
  readonly root: string;
  readonly stamp: string;
  readonly sha256: string | null;
  /** Null where the content was not looked at: what is known of it as a program stays. */
  readonly seen: Seen | null;
  readonly appeared: boolean;
  /** It was known as a program. */
  readonly wasProgram: boolean;
}

type Row = [string, string, number, number];

const RANGE =
  "select name, stamp, program, run from tree_entry where folder = (select id from tree_folder where path = ?)";

const known = ([name, stamp, program, run]: Row): KnownEntry => ({ name, stamp, program, run });

export class TreeStore {
  readonly #db: DirectDatabase;
  readonly #run: number;
  readonly #how: string;
  readonly #first: boolean;
  readonly #reads: boolean;
  #entries: NewEntry[] = [];
  #gone: { folder: string; name: string }[] = [];
  #goneFolders: string[] = [];

  /** @param patience milliseconds that it waits for another writer, holding up its thread */
  constructor(
    file: string,
    { mode, learns, run, how, keeps }: Pick<TreeJob, "mode" | "learns" | "run" | "how" | "keeps">,
    patience: number,
  ) {
    this.#reads = mode === "check" && !learns;
    this.#db = new DirectDatabase(file, { readOnly: this.#reads, patience });
    this.#run = run;
    this.#how = how;
    this.#first = keeps === "all";
  }

  #folderId(folder: string): number | null {
    return this.#db.get<[number]>("select id from tree_folder where path = ?", folder)?.[0] ?? null;
  }

  /** Does a turn of the work; one that writes nothing reads all of its turn as of one moment. */
  turn<T>(work: () => T): T {
    return this.#reads ? this.#db.snapshot(work) : work();
  }

  /**
   * What is known of the entries of a folder from one name to another, in the order of their bytes. A limit that were a parameter
   * would have SQLite prepare the statement anew for each folder.
   */
  range(folder: string, from: string, to: string | null): KnownEntry[] {
    if (to !== null) {
      const part = `${RANGE} and name >= ? and name < ? order by name`;
      return this.#db.all<Row>(part, folder, from, to).map(known);
    }
    if (from === "") return this.#db.all<Row>(`${RANGE} order by name`, folder).map(known);
    return this.#db.all<Row>(`${RANGE} and name >= ? order by name`, folder, from).map(known);
  }

  /** The first of them, at most `count`. */
  some(folder: string, from: string, count: number): KnownEntry[] {
    return this.#db.all<Row>(`${RANGE} and name >= ? order by name limit ?`, folder, from, count).map(known);
  }

  /** Known content of an entry. */
  sha256(folder: string, name: string): string | null {
    const sql = "select sha256 from tree_entry join tree_folder on id = folder where path = ? and name = ?";
    return this.#db.get<[string | null]>(sql, folder, name)?.[0] ?? null;
  }

  put(entry: NewEntry): void {
    this.#entries.push(entry);
  }
  remove(folder: string, name: string): void {
    this.#gone.push({ folder, name });
  }
  removeFolder(folder: string): void {
    this.#goneFolders.push(folder);
  }

  /** Writes down all that waits, in one transaction. @returns false where another writer was in the way: all of it still waits */
  flush(): boolean {
    if (this.#entries.length + this.#gone.length + this.#goneFolders.length === 0) return true;
    const done = this.#db.transaction(() => {
      const ids = new Map<string, number>();
      const now = new Date().toISOString();
      for (const entry of this.#entries) this.#write(entry, ids, now);
      for (const { folder, name } of this.#gone) {
        this.#db.run(
          "delete from tree_entry where folder = (select id from tree_folder where path = ?) and name = ?",
          folder,
          name,
        );
        this.#deleteProgram(joinPath(folder, name));
      }
      for (const folder of this.#goneFolders)
        this.#db.run(
          "delete from tree_folder where path = ? and not exists (select 1 from tree_entry where folder = id)",
          folder,
        );
    });
    if (!done) return false;
    this.#entries = [];
    this.#gone = [];
    this.#goneFolders = [];
    return true;
  }

  #write(entry: NewEntry, ids: Map<string, number>, now: string): void {
    const { folder, name, stamp, sha256, seen } = entry;
    let id = ids.get(folder);
    if (id === undefined) {
      this.#db.run("insert into tree_folder (path) values (?) on conflict do nothing", folder);
      id = this.#folderId(folder)!;
      ids.set(folder, id);
    }
    const program = seen?.program ? 1 : 0;
    if (this.#first) {
      // What was accepted since this was read stays.
      const columns =
        "insert into tree_entry (folder, name, stamp, sha256, program, run) values (?, ?, ?, ?, ?, ?)";
      const sql = `${columns} on conflict do nothing`;
      if (this.#db.run(sql, id, name, stamp, sha256, program, this.#run) === 0) return;
    } else if (seen === null)
      this.#db.run(
        `insert into tree_entry (folder, name, stamp, sha256, program, run) values (?, ?, ?, ?, 0, ?) on conflict (folder, name)
           do update set stamp = excluded.stamp, sha256 = excluded.sha256, run = excluded.run`,
        id,
        name,
        stamp,
        sha256,
        this.#run,
      );
    else
      this.#db.run(
        `insert into tree_entry (folder, name, stamp, sha256, program, run) values (?, ?, ?, ?, ?, ?) on conflict (folder, name)
           do update set stamp = excluded.stamp, sha256 = excluded.sha256, program = excluded.program, run = excluded.run`,
        id,
        name,
        stamp,
        sha256,
        program,
        this.#run,
      );
    const path = joinPath(folder, name);
    if (seen?.program) this.#writeProgram(path, entry, seen, now);
    else if (seen && entry.wasProgram) this.#endProgram(path, now);
  }

  #endProgram(bytes: string, now: string): void {
    const path = textOf(bytes);
    if (path !== null) this.#remember(path, "", now);
    this.#deleteProgram(bytes);
  }

  #writeProgram(bytes: string, entry: NewEntry, seen: Seen, now: string): void {
    const path = textOf(bytes);
    const root = textOf(entry.root);
    if (path === null || root === null || !seen.program) return;
    const { sha256, whole, signature, fingerprint } = seen.program;
    this.#remember(path, sha256, now);
    const { size, mtime_ns, ctime_ns, ino, mode } = readStamp(entry.stamp);
    this.#db.run(`insert into file (path, root, size, mtime_ns, ctime_ns, ino, mode, type, program, whole, sha256, signature, fingerprint, appeared, accepted, how)
         values (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?) on conflict (path) do update set root = excluded.root, size = excluded.size,
         mtime_ns = excluded.mtime_ns, ctime_ns = excluded.ctime_ns, ino = excluded.ino, mode = excluded.mode, type = excluded.type, program = 1,
         whole = excluded.whole, sha256 = excluded.sha256, signature = excluded.signature, fingerprint = excluded.fingerprint,
         appeared = coalesce(excluded.appeared, appeared), accepted = excluded.accepted, how = excluded.how`, 
      path, root, size, mtime_ns, ctime_ns, ino, mode, seen.type, whole ? 1 : 0, sha256, signature, fingerprint,
      entry.appeared ? now : null, now, this.#how,
    ); // biome-ignore format: a row
  }

  /** The content that another replaces goes into the history, of which the oldest leaves. */
  #remember(path: string, next: string, now: string): void {
    const changes = this.#db.run(
      `insert into file_history (path, sha256, mtime_ns, at, fingerprint) select path, sha256, mtime_ns, ?, fingerprint from file
         where path = ? and sha256 is not null and sha256 <> ? on conflict (path, sha256) do update set at = excluded.at, fingerprint = excluded.fingerprint`,
      now,
      path,
      next,
    );
    if (changes > 0)
      this.#db.run(
        `delete from file_history where path = ? and sha256 in
           (select sha256 from file_history where path = ? order by at desc limit 100 offset ?)`,
        path,
        path,
        HISTORY,
      );
  }

  #deleteProgram(bytes: string): void {
    const path = textOf(bytes);
    if (path !== null) this.#db.run("delete from file where path = ?", path);
  }

  close(): void {
    this.#db.close();
  }
}
