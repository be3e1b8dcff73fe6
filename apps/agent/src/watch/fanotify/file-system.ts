import { readdirSync } from "node:fs";
import { closeDescriptor } from "../calls.ts";
import { type EventSource, isGone, type Sink } from "../source.ts";
import { below, type Territory } from "../territory.ts";
import { MARK_FILESYSTEM, OVERFLOW, RENAME } from "./abi.ts";
import { openFolder } from "./calls.ts";
import type { Entry } from "./events.ts";
import { Group, saidOf } from "./group.ts";
import { Places } from "./places.ts";

/** Folders that are looked at between two looks for events. */
const SLICE = 32;

/**
 * Events by fanotify(7) with one mark for a whole file system: no folder is ever too new to be watched. Folders outside of
 * the roots are made silent in the kernel at their first event, so that a busy machine costs little.
 */
export class FileSystemSource implements EventSource {
  readonly kind = "fanotify";
  readonly #group = new Group();
  readonly #territory: Territory;
  readonly #places: Places;
  readonly #marked = new Map<string, string[]>();
  readonly #topsOf: (root: string) => readonly string[];
  /** Folders that were renamed: what is in them has another path now. */
  readonly #moved: { readonly root: string; readonly path: string }[] = [];

  /** @param topsOf a folder of each mounted file system that a root extends over */
  constructor(territory: Territory, topsOf: (root: string) => readonly string[]) {
    this.#territory = territory;
    this.#topsOf = topsOf;
    this.#places = new Places(territory, (folder) => this.#group.hush(folder));
  }

  get fd(): number {
    return this.#group.fd;
  }

  folders(root: string): number {
    return this.#marked.get(root)?.length ?? 0;
  }

  open(root: string): void {
    const tops = this.#topsOf(root);
    try {
      for (const top of tops) {
        this.#group.add(top, MARK_FILESYSTEM);
        this.#places.addWay(root, top);
      }
    } catch (error) {
      this.#places.drop(root);
      throw error;
    }
    this.#marked.set(root, [...tops]);
    // What was outside before may be inside now.
    this.#group.hearAll();
  }

  /** Marks stay: other roots may need them, and a file system that is gone takes its mark along. */
  drop(root: string): void {
    this.#places.drop(root);
    this.#marked.delete(root);
  }

  step(sink: Sink): boolean {
    const read = this.#group.read((event) => {
      if (event.mask & OVERFLOW) {
        sink.lost(null, "the kernel's queue of events was full");
        return;
      }
      const said = saidOf(event.mask);
      const inside = event.entry ? this.#tell(event.entry, said.finished, event.pid, sink) : [];
      if (event.from) this.#tell(event.from, false, event.pid, sink);
      const renamed = (event.mask & RENAME) !== 0 || said.left || (said.came && said.finished);
      if (!said.folder || !renamed) return;
      this.#places.forget();
      if (!said.left) this.#moved.push(...inside);
    });
    for (let count = 0; count < SLICE; count++) {
      const folder = this.#moved.pop();
      if (!folder) return read;
      this.#look(folder, sink);
    }
    return true;
  }

  #tell({ fsid, handle, name }: Entry, finished: boolean, pid: number, sink: Sink) {
    if (name === "" || name === ".") return [];
    const found: { root: string; path: string }[] = [];
    for (const place of this.#places.of(fsid, handle)) {
      const path = below(place.path, name);
      if (this.#territory.skips(path) || this.#territory.roots.includes(path)) continue;
      sink.changed(place.root, path, finished, pid);
      found.push({ root: place.root, path });
    }
    return found;
  }

  /** A folder that has another path than before: all that is in it is told, and heard from now on. */
  #look({ root, path }: { root: string; path: string }, sink: Sink): void {
    if (this.#territory.skips(path)) return;
    try {
      const folder = openFolder(path);
      this.#group.hear(folder);
      closeDescriptor(folder);
      for (const entry of readdirSync(path, { withFileTypes: true })) {
        const inner = below(path, entry.name);
        if (entry.isDirectory()) this.#moved.push({ root, path: inner });
        else if (entry.isFile()) sink.changed(root, inner, true, 0);
      }
    } catch (error) {
      if (!isGone(error)) sink.blind(root, path, error as Error);
    }
  }

  close(): void {
    this.#places.close();
    this.#group.close();
  }
}
