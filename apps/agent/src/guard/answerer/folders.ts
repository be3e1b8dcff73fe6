import { type Dir, opendirSync } from "node:fs";
import { FAN, flush, mark } from "./fanotify.ts";
import { localFileSystem } from "./file-systems.ts";
import { folderKey } from "./folder-handles.ts";
import { pathBytes } from "./library.ts";

const MARK_DONT_FOLLOW = 0x4;
const ADD = FAN.MARK_ADD | FAN.MARK_ONLYDIR | MARK_DONT_FOLLOW;
const CHANGES =
  FAN.MODIFY | FAN.CLOSE_WRITE | FAN.CREATE | FAN.DELETE | FAN.RENAME | FAN.EVENT_ON_CHILD | FAN.ONDIR;
const ASKED = FAN.OPEN_PERM | FAN.EVENT_ON_CHILD;

/** Milliseconds of marking in one round of the loop: others wait for answers meanwhile. */
const SLICE = 3;
/** Names that are remembered at most; beyond, a file that is renamed over another counts as a change of a document. */
const MAX_NAMES = 1_000_000;
const MAX_FOLDERS = 200_000;
/** Names that are read between two looks at the clock. */
const NAMES_AT_ONCE = 64;

/** The folders of documents with all below: marked one after the other, known by the handles that events bear. */
export class Folders {
  readonly #asking: number;
  readonly #changes: number;
  readonly #paths = new Map<string, string>();
  readonly #names = new Map<string, Set<string>>();
  #count = 0;
  #todo: string[] = [];
  /** What is being read: a folder may hold more names than there is time for in one round. */
  #reading: { readonly path: string; readonly dir: Dir; readonly names: Set<string> } | null = null;
  readonly #keys = new Map<string, string>();
  /** Why a folder is not watched. */
  readonly trouble: (what: string) => void;

  constructor(asking: number, changes: number, trouble: (what: string) => void) {
    this.#asking = asking;
    this.#changes = changes;
    this.trouble = trouble;
  }

  get size(): number {
    return this.#names.size;
  }

  get busy(): boolean {
    return this.#todo.length > 0 || this.#reading !== null;
  }

  /** Path of the folder that an event names, or undefined. */
  pathOf(key: string): string | undefined {
    return this.#paths.get(key);
  }

  add(path: string): void {
    this.#todo.push(path);
  }

  /** Marks some of what waits. */
  work(): void {
    const end = performance.now() + SLICE;
    while (this.busy && performance.now() < end) {
      if (this.#reading) this.#readSome();
      else this.#enter(this.#todo.pop()!);
    }
  }

  #readSome(): void {
    const { dir, names, path } = this.#reading!;
    try {
      for (let count = 0; count < NAMES_AT_ONCE; count++) {
        const entry = dir.readSync();
        if (entry === null) {
          this.#endReading();
          return;
        }
        if (entry.isDirectory()) this.#todo.push(`${path}/${entry.name}`);
        else if (entry.isFile()) this.#keep(names, entry.name);
      }
    } catch {
      // Gone meanwhile.
      this.#endReading();
    }
  }

  #endReading(): void {
    try {
      this.#reading?.dir.closeSync();
    } catch {
      // Ended already.
    }
    this.#reading = null;
  }

  #keep(names: Set<string>, name: string): void {
    if (this.#count >= MAX_NAMES || names.has(name)) return;
    names.add(name);
    this.#count++;
  }

  #enter(path: string): void {
    const bytes = pathBytes(path);
    const why =
      localFileSystem(bytes) ??
      (this.#paths.size >= MAX_FOLDERS ? `there are more than ${MAX_FOLDERS} folders` : null) ??
      mark(this.#changes, ADD, CHANGES, bytes) ??
      mark(this.#asking, ADD, ASKED, bytes);
    const key = why ? null : folderKey(bytes);
    if (!key) {
      // What was removed or replaced meanwhile needs no watch.
      if (why && !/ENOENT|ENOTDIR|missing/.test(why)) this.trouble(`${path} is not guarded: ${why}`);
      return;
    }
    this.removed(path);
    this.#paths.set(key, path);
    this.#keys.set(path, key);
    const names = new Set<string>();
    this.#names.set(path, names);
    try {
      this.#reading = { path, dir: opendirSync(path, { bufferSize: NAMES_AT_ONCE }), names };
    } catch {
      // Gone meanwhile.
    }
  }

  /** A folder was removed: it was empty. */
  removed(path: string): void {
    const names = this.#names.get(path);
    if (!names) return;
    this.#count -= names.size;
    this.#names.delete(path);
    const key = this.#keys.get(path);
    this.#keys.delete(path);
    if (key !== undefined && this.#paths.get(key) === path) this.#paths.delete(key);
    if (this.#reading?.path === path) this.#endReading();
  }

  /** A folder has another name, with all below. Its marks go on under the new one, once that was added. */
  left(path: string): void {
    if (!this.#names.has(path)) return;
    const below = `${path}/`;
    for (const each of [...this.#names.keys()])
      if (each === path || each.startsWith(below)) this.removed(each);
  }

  /** True where a file of that name was there. */
  has(folder: string, name: string): boolean {
    return this.#names.get(folder)?.has(name) ?? this.#count >= MAX_NAMES;
  }

  appeared(folder: string, name: string): void {
    const names = this.#names.get(folder);
    if (names) this.#keep(names, name);
  }

  gone(folder: string, name: string): void {
    if (this.#names.get(folder)?.delete(name)) this.#count--;
  }

  clear(): void {
    flush(this.#asking);
    flush(this.#changes);
    this.#paths.clear();
    this.#names.clear();
    this.#keys.clear();
    this.#endReading();
    this.#count = 0;
    this.#todo = [];
  }
}
