import type { Counts, DocumentSettings, Word } from "../channel.ts";
import { type Ask, Asks } from "./asks.ts";
import { boundsOf } from "./bounds.ts";
import { closeFd, Facts, REGULAR } from "./calls.ts";
import { type Change, type Place, takeChanges } from "./changes.ts";
import type { Exempt } from "./exempt.ts";
import { answer, FAN, openChanges, openPermissions } from "./fanotify.ts";
import { Folders } from "./folders.ts";
import { pathBytes } from "./library.ts";
import { pathOf } from "./paths.ts";
import type { Trees } from "./trees.ts";
import { Writer } from "./writer.ts";

interface WriterAsk extends Ask {
  readonly writer: Writer;
}

/** Milliseconds without a change or an open that was refused after which a tree is forgotten. */
const QUIET = 15 * 60_000;
const MAX_WRITERS = 4096;
/** Names of files that are kept of all trees together; beyond, the trees that were quiet for longest are forgotten. */
const MAX_NAMES = 200_000;
/** Milliseconds between two looks for what can be forgotten. */
const FORGET = 5000;
/** Names of files in one question. */
const MAX_TOLD = 200;
/** Milliseconds: the content of a file that was open for writing changed if its time is this young (writes through memory). */
const YOUNG = 10_000;

/** Processes of one tree that are kept. */
const MAX_PIDS = 4096;

/** Forgets what was quiet for long, and beyond all bounds what was quiet for longest; never what a question is open about. */
export function forgetQuiet(writers: Map<string, Writer>, now: number): void {
  let names = 0;
  for (const [key, writer] of writers) {
    if (writer.ask === 0 && now - writer.seen > QUIET) writers.delete(key);
    else names += writer.names;
  }
  if (names <= MAX_NAMES && writers.size <= MAX_WRITERS) return;
  const oldest = [...writers].sort(([, a], [, b]) => a.seen - b.seen);
  for (const [key, writer] of oldest) {
    // Half, so that this is seldom.
    if (names <= MAX_NAMES / 2 && writers.size <= MAX_WRITERS / 2) return;
    if (writer.ask !== 0) continue;
    names -= writer.names;
    writers.delete(key);
  }
}

/** Counts the documents that each process tree changes, and holds the next open of one that changed too many. */
export class Writers {
  readonly group = openPermissions();
  readonly changes = openChanges();
  readonly #settings: DocumentSettings;
  readonly #counts: Counts;
  readonly #exempt: Exempt;
  readonly #trees: Trees;
  readonly #say: (word: Word) => boolean;
  readonly #asks = new Asks<WriterAsk>();
  readonly #writers = new Map<string, Writer>();
  readonly #folders: Folders;
  #decoys: ReadonlySet<string>;
  readonly #facts = new Facts();
  silent = false;
  #now = 0;
  #forgot = 0;

  constructor(options: {
    settings: DocumentSettings;
    counts: Counts;
    exempt: Exempt;
    trees: Trees;
    say: (word: Word) => boolean;
  }) {
    this.#settings = options.settings;
    this.#counts = options.counts;
    this.#exempt = options.exempt;
    this.#trees = options.trees;
    this.#say = options.say;
    if (!this.#trees.hears)
      this.#say({
        t: "trouble",
        what: "documents: the kernel does not tell who started whom (a namespace?): programs that end at once are nobody's",
      });
    this.#decoys = new Set(options.settings.decoys);
    this.#folders = new Folders(this.group, this.changes, (what) => this.#say({ t: "trouble", what }));
  }

  get soonest(): number {
    return this.#asks.soonest;
  }

  get due(): number {
    return this.#asks.due;
  }

  get waiting(): number {
    return this.#asks.held;
  }

  get busy(): boolean {
    return this.#folders.busy;
  }

  get folders(): number {
    return this.#folders.size;
  }

  watch(): void {
    for (const folder of this.#settings.folders) this.#folders.add(folder);
  }

  /** There are other decoys now. */
  watchDecoys(paths: readonly string[]): void {
    this.#decoys = new Set(paths);
  }

  unwatch(): void {
    this.#folders.clear();
    for (const ask of [...this.#asks.all()]) {
      this.#counts.unguarded += this.#asks.let(ask, FAN.ALLOW);
      ask.writer.ask = 0;
      this.#asks.end(ask);
    }
  }

  work(now: number): void {
    this.#trees.drain();
    if (this.#folders.busy) this.#folders.work();
    if (now - this.#forgot < FORGET && this.#writers.size <= MAX_WRITERS) return;
    this.#forgot = now;
    forgetQuiet(this.#writers, now);
  }

  /** Ends it; the descriptors with it. */
  close(): void {
    this.unwatch();
    this.#trees.close();
    closeFd(this.group);
    closeFd(this.changes);
  }

  /** Takes all changes that were made up to now. */
  drain(now: number): void {
    this.#now = now;
    this.#trees.drain();
    while (takeChanges(this.changes, this.#change));
  }

  readonly #change = (change: Change): void => {
    const { mask, pid, place, to } = change;
    const from = this.#path(place);
    const onto = this.#path(to);
    if (mask & FAN.ONDIR) {
      if (from && mask & FAN.DELETE) this.#folders.removed(`${from.folder}/${from.name}`);
      if (from && mask & FAN.RENAME) this.#folders.left(`${from.folder}/${from.name}`);
      if (mask & (FAN.CREATE | FAN.RENAME)) this.#newFolder(mask & FAN.RENAME ? onto : from);
      return;
    }
    const writer = this.#writerOf(pid);
    if (writer) this.#note(writer, change, from, onto);
    // Whatever was done, and by whom: the names that are there.
    if (from && mask & FAN.CREATE) this.#folders.appeared(from.folder, from.name);
    if (from && mask & (FAN.DELETE | FAN.RENAME)) this.#folders.gone(from.folder, from.name);
    if (onto && mask & FAN.RENAME) this.#folders.appeared(onto.folder, onto.name);
    if (writer && this.#due(writer)) this.#askAbout(writer, pid, from ?? onto);
  };

  #note(writer: Writer, { mask, pid }: Change, from: Place | null, onto: Place | null): void {
    const before = writer.changed.size;
    if (from) {
      const path = `${from.folder}/${from.name}`;
      if (mask & FAN.CREATE) writer.make(path);
      if (mask & FAN.MODIFY) writer.change(path, pid);
      else if (mask & FAN.CLOSE_WRITE && this.#young(path)) writer.change(path, pid);
      if (mask & FAN.DELETE) writer.remove(path, pid);
      if (mask & FAN.RENAME) {
        const replaced = onto && this.#folders.has(onto.folder, onto.name);
        writer.rename(path, onto && `${onto.folder}/${onto.name}`, replaced === true, pid);
      }
      if (this.#decoys.has(path) && mask & ~FAN.CLOSE_WRITE) writer.decoy = true;
    } else if (onto) {
      const path = `${onto.folder}/${onto.name}`;
      if (this.#folders.has(onto.folder, onto.name)) writer.change(path, pid);
      if (this.#decoys.has(path)) writer.decoy = true;
    }
    this.#counts.changed += writer.changed.size - before;
  }

  /** Place of a file by the path of its folder; null outside of the folders. */
  #path(place: Place | null): Place | null {
    const folder = place && this.#folders.pathOf(place.folder);
    return folder ? { folder, name: place.name } : null;
  }

  #newFolder(place: Place | null): void {
    if (place) this.#folders.add(`${place.folder}/${place.name}`);
  }

  #young(path: string): boolean {
    if (!this.#facts.ofPath(pathBytes(path))) return false;
    const { words } = this.#facts;
    return Date.now() - words[28]! * 1000 < YOUNG;
  }

  #writerOf(pid: number): Writer | null {
    const tree = this.#trees.of(pid, this.#now);
    if (!tree) {
      this.#counts.strays++;
      return null;
    }
    let writer = this.#writers.get(tree.key);
    if (!writer) {
      if (this.#exempt.has(pid)) return null;
      writer = new Writer(tree.key);
      this.#writers.set(tree.key, writer);
    }
    writer.seen = this.#now;
    for (const each of tree.pids) if (writer.pids.size < MAX_PIDS) writer.pids.add(each);
    return writer;
  }

  #due(writer: Writer): boolean {
    return !this.silent && writer.due(this.#settings.files);
  }

  #askAbout(writer: Writer, pid: number, place: Place | null, path?: string): WriterAsk | null {
    if (this.#asks.full) return null;
    const ask = this.#asks.add((id) => ({
      id,
      group: this.group,
      held: [],
      lead: -1,
      deadline: this.#now + boundsOf(this.#settings.deadlineMs).answerMs,
      expired: false,
      writer,
    }));
    writer.asking(ask.id);
    this.#counts.asked++;
    const changed = [...writer.changed].slice(-MAX_TOLD);
    this.#say({
      t: "writer",
      id: ask.id,
      path: path ?? (place ? `${place.folder}/${place.name}` : ""),
      pid,
      key: writer.key,
      tree: this.#living(writer, pid),
      files: changed.map(([file]) => file),
      writers: changed.map(([, by]) => by),
      decoy: writer.decoy,
    });
    return ask;
  }

  /** Its processes that are still there, the one that asks first. A pid that another process has by now is none of them. */
  #living(writer: Writer, first: number): number[] {
    for (const pid of writer.pids)
      if (pid !== first && this.#trees.now(pid)?.key !== writer.key) writer.pids.delete(pid);
    return [...new Set([first, ...writer.pids])];
  }

  /** One open of a document. */
  readonly take = (_mask: number, fd: number, pid: number): boolean => {
    this.#counts.answered++;
    if (pid === this.#exempt.agent || this.silent) return this.#allow(fd);
    if (!this.#facts.ofFd(fd) || this.#facts.kind !== REGULAR) return this.#allow(fd);
    // What it did up to this very open counts.
    this.drain(this.#now);
    const tree = this.#trees.of(pid, this.#now);
    const writer = tree && this.#writers.get(tree.key);
    if (!writer || this.#exempt.has(pid)) return this.#allow(fd);
    if (writer.pids.size < MAX_PIDS) writer.pids.add(pid);
    if (writer.denied) {
      writer.seen = this.#now;
      this.#counts.denied++;
      answer(this.group, fd, FAN.DENY);
      this.#say({ t: "refused", path: pathOf(fd), pid, exec: false, denied: true, kind: "writer" });
      return true;
    }
    const ask =
      this.#asks.get(writer.ask) ??
      (this.#due(writer) ? this.#askAbout(writer, pid, null, pathOf(fd)) : null);
    if (!ask || ask.expired || this.#asks.full) return this.#allow(fd);
    this.#asks.hold(ask, fd);
    return false;
  };

  #allow(fd: number): true {
    answer(this.group, fd, FAN.ALLOW);
    return true;
  }

  verdict(id: number, verdict: "allow" | "deny"): void {
    const ask = this.#asks.get(id);
    if (!ask) return;
    const denied = verdict === "deny";
    ask.writer.denied ||= denied;
    ask.writer.ask = 0;
    const count = this.#asks.let(ask, denied ? FAN.DENY : FAN.ALLOW);
    if (denied) this.#counts.denied += count;
    this.#asks.end(ask);
  }

  /** A tree that was refused goes on, with an empty account. */
  release(key: string): void {
    this.#writers.delete(key);
  }

  expire(now: number): void {
    this.#now = now;
    this.#asks.expire(
      now,
      (ask) => {
        this.#counts.expired += ask.held.length;
        return FAN.ALLOW;
      },
      (ask) => {
        ask.writer.ask = 0;
      },
    );
  }
}
