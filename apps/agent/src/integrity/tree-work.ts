/** The work of one thread: goes through folders and compares what is there with what is known, by a merge of two sorted lists. */
import { type BigIntStats, lstatSync, readdirSync } from "node:fs";
import { joinPath, pathOf } from "./byte-string.ts";
import { type Content, type ContentReader, Stopped, type Trouble, troubleOf } from "./content.ts";
import { isPseudo } from "./mounts.ts";
import { News } from "./news.ts";
import type { Seen } from "./program.ts";
import {
  noCounts,
  type TreeChange,
  type TreeJob,
  type TreeProblem,
  type TreeReport,
  type TreeUnit,
} from "./protocol.ts";
import { changedFields, type EntryKind, isFolder, kindOf, sameStamp, stampOf } from "./stamp.ts";
import type { KnownEntry, TreeStore } from "./store.ts";

/** Names of one piece of work; a larger folder is cut, so that threads can share it and memory stays bounded. */
const SLICE = 4096;
/** Entries after which the clock is looked at. */
const TICK = 16;

/** Fields that say something of themselves; the others only that somebody wrote or moved the file. */
const MEANT: ReadonlySet<string> = new Set(["mode", "owner", "group", "device", "kind", "content"]);

export class TreeWork {
  readonly #job: TreeJob;
  readonly #store: TreeStore;
  readonly #reader: ContentReader;
  readonly #skip: ReadonlySet<string>;
  readonly #except: ReadonlySet<string>;
  readonly #stop: Int32Array;
  readonly #news: News | null;
  readonly #stack: TreeUnit[] = [];
  #counts = noCounts();
  #changes: TreeChange[] = [];
  #problems: TreeProblem[] = [];
  #until = 0;

  constructor(job: TreeJob, store: TreeStore, reader: ContentReader) {
    this.#job = job;
    this.#store = store;
    this.#reader = reader;
    this.#skip = new Set(job.skip);
    this.#except = new Set(job.except);
    this.#stop = new Int32Array(job.stop);
    this.#news = job.news ? new News(job.news) : null;
  }

  /** What is to be written waits in the store. @param share whether half of what is left is given back for others */
  run(units: readonly TreeUnit[], share: boolean, milliseconds: number): TreeReport {
    this.#stack.push(...units);
    this.#until = performance.now() + milliseconds;
    try {
      this.#store.turn(() => {
        while (this.#stack.length > 0 && !this.#over()) this.#unit(this.#stack.pop()!);
      });
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
    }
    const given = share ? this.#stack.splice(0, Math.floor(this.#stack.length / 2)) : [];
    const report = {
      counts: this.#counts,
      changes: this.#changes,
      problems: this.#problems,
      units: given,
      left: this.#stack.length,
    };
    this.#counts = noCounts();
    this.#changes = [];
    this.#problems = [];
    return report;
  }

  /** Gives all work away that is left. */
  rest(): TreeUnit[] {
    return this.#stack.splice(0);
  }

  #over(): boolean {
    return Atomics.load(this.#stop, 0) !== 0 || performance.now() > this.#until;
  }

  #unit(unit: TreeUnit): void {
    if (unit.gone) this.#goneFolder(unit);
    else if (unit.names) this.#names(unit, unit.names, unit.from ?? "", unit.to ?? null);
    else this.#folder(unit);
  }

  #folder(unit: TreeUnit): void {
    let names: string[];
    try {
      names = readdirSync(pathOf(unit.folder), "latin1") as string[];
    } catch (error) {
      this.#problem(unit.folder, troubleOf(error));
      return;
    }
    this.#counts.folders++;
    names.sort();
    if (names.length <= SLICE) {
      this.#names(unit, names, "", null);
      return;
    }
    for (let at = 0; at < names.length; at += SLICE) {
      const next = names[at + SLICE];
      this.#stack.push({
        ...unit,
        names: names.slice(at, at + SLICE),
        from: at === 0 ? "" : names[at]!,
        to: next ?? null,
      });
    }
  }

  #names(unit: TreeUnit, names: readonly string[], from: string, to: string | null): void {
    const known = this.#store.range(unit.folder, from, to);
    let next = 0;
    for (let at = 0; at < names.length; at++) {
      const name = names[at]!;
      if (at % TICK === TICK - 1 && this.#over()) {
        this.#stack.push({ ...unit, names: names.slice(at), from: `${names[at - 1]!}\0`, to });
        return;
      }
      while (next < known.length && known[next]!.name < name) this.#gone(unit, known[next++]!);
      const match = known[next]?.name === name ? known[next++]! : null;
      try {
        this.#entry(unit, name, match);
      } catch (error) {
        if (error instanceof Stopped) this.#stack.push({ ...unit, names: names.slice(at), from: name, to });
        throw error;
      }
    }
    while (next < known.length) this.#gone(unit, known[next++]!);
  }

  #excepted(path: string, name: string): boolean {
    return this.#except.size > 0 && (this.#except.has(path) || this.#except.has(name));
  }

  #entry(unit: TreeUnit, name: string, known: KnownEntry | null): void {
    const path = joinPath(unit.folder, name);
    // Before anything asks for it: a mount that hangs would keep whoever does.
    if (this.#skip.has(path)) return;
    let stat: BigIntStats | undefined;
    try {
      stat = lstatSync(pathOf(path), { bigint: true, throwIfNoEntry: false });
    } catch (error) {
      this.#problem(path, troubleOf(error));
      return;
    }
    if (!stat) {
      if (known) this.#gone(unit, known);
      else this.#problem(path, { trouble: "vanished", why: "it is gone" });
      return;
    }
    if (this.#excepted(path, name)) return;
    if (stat.isDirectory()) {
      if (!this.#enters(unit, path, stat)) return;
      this.#stack.push({ folder: path, root: unit.root, device: String(stat.dev) });
    } else if (known && isFolder(known.stamp))
      this.#stack.push({ folder: path, root: unit.root, device: null, gone: true });
    this.#compare(unit, name, path, stat, known);
    this.#counts.entries++;
    if (stat.isFile()) this.#counts.files++;
    if (known?.program) this.#counts.programs++;
  }

  /** Whether a folder is part of the tree. Another file system in it is entered unless the job says otherwise. */
  #enters(unit: TreeUnit, path: string, stat: BigIntStats): boolean {
    if (unit.device === null || unit.device === String(stat.dev)) return true;
    if (isPseudo(path)) return false;
    if (!this.#job.oneFileSystem) return true;
    this.#problems.push({ path, what: "other-file-system", why: "another file system is mounted there" });
    return false;
  }

  #compare(unit: TreeUnit, name: string, path: string, stat: BigIntStats, known: KnownEntry | null): void {
    const { mode, content } = this.#job;
    const stamp = stampOf(stat);
    const same = known !== null && sameStamp(known.stamp, stamp);
    const keeps = known !== null && this.#keeps(known);
    if (same && keeps) {
      this.#counts.resumed++;
      return;
    }
    if (same && mode !== "create" && content !== "all") return;
    const kind = kindOf(stamp);
    if (known !== null && keeps && this.#job.keeps === "all") {
      // Whoever asked compares afterwards.
      this.#changes.push({ path, what: "changed", kind, fields: [], before: null, after: null, stamp });
      return;
    }
    if (known === null && kind === "file" && this.#news) {
      if (this.#news.isOwnWork(name)) return;
      if (this.#news.has(path, stamp)) {
        this.#appeared(path, kind, null, stamp);
        return;
      }
    }
    if (kind !== "file" || (content === "none" && mode === "check")) {
      const target = kind === "link" ? this.#reader.link(path) : { sha256: null };
      if ("trouble" in target) this.#problem(path, target);
      else this.#judge(unit, name, path, known, { stamp, sha256: target.sha256, seen: null });
      return;
    }
    if (stat.size > BigInt(this.#job.hashBytes)) {
      this.#judge(unit, name, path, known, { stamp, sha256: null, seen: null });
      return;
    }
    const read = this.#reader.file(path, name, stat);
    if ("trouble" in read) {
      this.#unread(unit, name, path, known, stamp, read);
      return;
    }
    this.#counts.read++;
    this.#counts.bytes += read.bytes;
    const seen = read.seen as Seen | null;
    if (seen?.program && !known?.program) this.#counts.programs++;
    this.#judge(unit, name, path, known, { stamp: read.stamp, sha256: read.sha256, seen });
  }

  /** Whether `create` compares with what is known of an entry, and leaves it. */
  #keeps({ run }: KnownEntry): boolean {
    const { mode, keeps } = this.#job;
    return mode === "create" && (keeps === "all" || (keeps === "run" && run === this.#job.run));
  }

  #appeared(path: string, kind: EntryKind, after: string | null, stamp: string): void {
    this.#changes.push({ path, what: "appeared", kind, fields: [], before: null, after, stamp });
  }

  /** What cannot be read is known by its stamp at least; what was known of its content stays as long as nothing moved. */
  #unread(unit: TreeUnit, name: string, path: string, known: KnownEntry | null, stamp: string, why: Trouble) {
    this.#problem(path, why);
    if (why.trouble === "vanished") return;
    if (known === null || !sameStamp(known.stamp, stamp))
      this.#judge(unit, name, path, known, { stamp, sha256: null, seen: null });
  }

  #judge(
    unit: TreeUnit,
    name: string,
    path: string,
    known: KnownEntry | null,
    now: Pick<Content, "stamp"> & { sha256: string | null; seen: Seen | null },
  ): void {
    const { mode, content } = this.#job;
    const { stamp, sha256, seen } = now;
    const kind = kindOf(stamp);
    // It may have been written while it was read.
    if (known === null && kind === "file" && this.#news?.has(path, stamp)) {
      this.#appeared(path, kind, sha256, stamp);
      return;
    }
    const before = known ? this.#store.sha256(unit.folder, name) : null;
    const fields = known ? this.#fields(known.stamp, stamp, before, sha256) : [];
    // By metadata alone every move counts: whoever asked looks at the content itself.
    const blind = mode === "check" && content === "none";
    const changed = known === null || fields.some((field) => MEANT.has(field)) || (blind && kind === "file");
    // What is made anew is compared with nothing.
    const kept = known !== null && this.#keeps(known);
    if (known === null && mode !== "create") this.#appeared(path, kind, sha256, stamp);
    else if (changed && (mode !== "create" || kept))
      this.#changes.push({ path, what: "changed", kind, fields, before, after: sha256, stamp });
    else if (known && !sameStamp(known.stamp, stamp)) this.#counts.touched++;
    const learnt = this.#job.learns === true && known !== null && before === null && fields.length === 0;
    if ((mode === "check" && !learnt) || (kept && changed)) return;
    this.#store.put({
      folder: unit.folder,
      name,
      root: unit.root,
      stamp,
      sha256,
      seen,
      appeared: mode === "accept" && known === null,
      wasProgram: known?.program === 1,
    });
  }

  #fields(known: string, now: string, before: string | null, after: string | null): TreeChange["fields"] {
    const fields: TreeChange["fields"][number][] = changedFields(known, now);
    if (kindOf(known) !== kindOf(now)) return ["kind", ...fields];
    if (before !== null && after !== null) {
      if (before !== after) fields.unshift("content");
    } else if (kindOf(now) === "file" && (fields.includes("size") || fields.includes("mtime")))
      fields.unshift("content");
    // First what is meant, then what follows from it.
    return [...fields.filter((field) => MEANT.has(field)), ...fields.filter((field) => !MEANT.has(field))];
  }

  #gone(unit: TreeUnit, entry: KnownEntry): void {
    const { name, stamp } = entry;
    const path = joinPath(unit.folder, name);
    if (this.#excepted(path, name) || this.#skip.has(path)) return;
    const kind: EntryKind = kindOf(stamp);
    const before = this.#store.sha256(unit.folder, name);
    const stays = this.#job.mode === "check" || this.#keeps(entry);
    if (stays || this.#job.mode !== "create")
      this.#changes.push({ path, what: "gone", kind, fields: [], before, after: null, stamp: null });
    if (!stays) this.#store.remove(unit.folder, name);
    if (kind === "folder") this.#stack.push({ folder: path, root: unit.root, device: null, gone: true });
  }

  /** All that was known below a folder that is there no more. */
  #goneFolder(unit: TreeUnit): void {
    const known = this.#store.some(unit.folder, unit.from ?? "", SLICE);
    if (known.length === SLICE) this.#stack.push({ ...unit, from: `${known.at(-1)!.name}\0` });
    else if (this.#job.mode !== "check") this.#store.removeFolder(unit.folder);
    for (const entry of known) this.#gone(unit, entry);
  }

  #problem(path: string, { trouble, why }: Trouble): void {
    this.#problems.push({ path, what: trouble, why });
  }
}
