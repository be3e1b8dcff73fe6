import { type Dirent, readdirSync } from "node:fs";
import { type FolderNode, FolderTable } from "./folder-table.ts";
import { type EventSource, isGone, type Sink } from "./source.ts";
import { below, type Territory } from "./territory.ts";

/** What happened to a name in a marked folder. */
export interface FolderEvent<Key> {
  readonly key: Key;
  readonly name: string;
  readonly folder: boolean;
  /** The name is new here, or it is gone. */
  readonly came: boolean;
  readonly gone: boolean;
  /** The folder left under this name, and may come again under another. */
  readonly left: boolean;
  readonly finished: boolean;
  readonly pid: number;
}

/** How one folder is marked. */
export interface Marker<Key> {
  readonly kind: "fanotify" | "inotify";
  readonly fd: number;
  /** @throws Error with `code` */
  mark(path: string): Key;
  unmark(key: Key): void;
  /** Reads some of what waits. @returns false where nothing did */
  read(on: {
    event(event: FolderEvent<Key>): void;
    /** The kernel dropped the mark: its folder is gone. */
    forgotten(key: Key): void;
    overflow(): void;
  }): boolean;
  close(): void;
}

interface Walk<Key> {
  readonly parent: FolderNode<Key>;
  readonly name: string;
  /** Files in it may have come before it was marked. */
  readonly report: boolean;
}

/** Folders that are looked at between two looks for events: the kernel's queue must not fill meanwhile. */
const SLICE = 32;

/**
 * Events by one mark for each folder. Each new folder is listed after its mark is set, so that nothing falls in between,
 * however fast folders are made within one another.
 */
export class FolderSource<Key> implements EventSource {
  readonly #marker: Marker<Key>;
  readonly #territory: Territory;
  readonly #table = new FolderTable<Key>();
  #walks: Walk<Key>[] = [];

  constructor(marker: Marker<Key>, territory: Territory) {
    this.#marker = marker;
    this.#territory = territory;
  }

  get kind(): "fanotify" | "inotify" {
    return this.#marker.kind;
  }

  get fd(): number {
    return this.#marker.fd;
  }

  folders(root: string): number {
    return this.#table.count(root);
  }

  open(root: string): void {
    // The root itself must be watchable; below it one blind folder does not end the others.
    const node = this.#table.addRoot(root, this.#marker.mark(root));
    for (const entry of foldersIn(root)) this.#walks.push({ parent: node, name: entry.name, report: false });
  }

  drop(root: string): void {
    const node = this.#table.root(root);
    if (node) this.#drop(node);
    this.#walks = this.#walks.filter(({ parent }) => parent.root !== root);
  }

  step(sink: Sink): boolean {
    const read = this.#marker.read({
      event: (event) => this.#event(event, sink),
      forgotten: (key) => {
        const node = this.#table.get(key);
        if (node) this.#table.drop(node);
      },
      overflow: () => {
        sink.lost(null, "the kernel's queue of events was full");
        this.#again();
      },
    });
    for (let count = 0; count < SLICE; count++) {
      const walk = this.#walks.pop();
      if (!walk) return read;
      this.#look(walk, sink);
    }
    return true;
  }

  /** After lost events: folders that were made meanwhile get their marks. */
  #again(): void {
    this.#walks = [];
    for (const root of this.#territory.roots) {
      const node = this.#table.root(root);
      if (!node) continue;
      for (const entry of foldersIn(root)) this.#walks.push({ parent: node, name: entry.name, report: true });
    }
  }

  #look({ parent, name, report }: Walk<Key>, sink: Sink): void {
    // Its parent may have gone, or moved, since.
    if (this.#table.get(parent.key) !== parent) return;
    const path = below(this.#table.pathOf(parent), name);
    if (this.#territory.skips(path)) return;
    try {
      const node = this.#table.add(parent, name, this.#marker.mark(path));
      for (const entry of readdirSync(path, { withFileTypes: true })) {
        if (entry.isDirectory()) this.#walks.push({ parent: node, name: entry.name, report });
        else if (report && entry.isFile()) sink.changed(parent.root, below(path, entry.name), true, 0);
      }
    } catch (error) {
      if (!isGone(error)) sink.blind(parent.root, path, error as Error);
    }
  }

  #event(event: FolderEvent<Key>, sink: Sink): void {
    const parent = this.#table.get(event.key);
    if (!parent || event.name === "" || event.name === ".") return;
    const path = below(this.#table.pathOf(parent), event.name);
    if (this.#territory.skips(path) || this.#territory.roots.includes(path)) return;
    if (!event.folder) {
      sink.changed(parent.root, path, event.finished, event.pid);
      return;
    }
    if (event.left) {
      const node = parent.children.get(event.name);
      if (node) this.#drop(node);
    }
    if (event.came) this.#walks.push({ parent, name: event.name, report: true });
    if (event.gone || event.left) sink.changed(parent.root, path, false, event.pid);
  }

  #drop(node: FolderNode<Key>): void {
    for (const key of this.#table.drop(node)) this.#marker.unmark(key);
  }

  close(): void {
    this.#marker.close();
  }
}

function foldersIn(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  } catch {
    return [];
  }
}
