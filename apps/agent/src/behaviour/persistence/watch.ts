import { lstatSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "@thymus/contracts";
import { MOVED_FROM, ON_CHILD, ONDIR, OVERFLOW } from "../../watch/fanotify/abi.ts";
import { fsidOf, handleOf } from "../../watch/fanotify/calls.ts";
import { Group, saidOf } from "../../watch/fanotify/group.ts";
import { placeOf } from "../places.ts";
import { persistenceFolders } from "./folders.ts";

export interface PersistenceWatchOptions {
  /** Folders to be watched, there or not; asked again now and then. */
  readonly folders: () => readonly string[];
  /** A file that runs by itself later was written or put in its place. */
  readonly onChange: (path: string, pid: number) => void;
  readonly log: Logger;
  readonly pollMs?: number;
}

/** Milliseconds between two looks at what the kernel has told, and between two looks for new folders. */
const POLL = 500;
const AGAIN = 60_000;
/** Buffers of events that are read in one look. */
const READS = 16;

/**
 * Watches where programs settle (places.ts), by one mark on each folder: these see a few changes a day. Nothing there is copied, compared or
 * judged as a program; only who changed it is asked.
 */
export class PersistenceWatch {
  readonly #options: PersistenceWatchOptions;
  readonly #group = new Group();
  /** Paths by what the kernel calls a folder, and what each path was called. */
  readonly #paths = new Map<string, string>();
  readonly #marked = new Map<string, string>();
  readonly #timers: NodeJS.Timeout[] = [];
  #told = false;

  /** @throws Error where this process may not, or the kernel cannot */
  constructor(options: PersistenceWatchOptions) {
    this.#options = options;
    this.#mark();
    const every = (ms: number, work: () => void) => this.#timers.push(setInterval(work, ms).unref());
    every(options.pollMs ?? POLL, () => this.#read());
    every(AGAIN, () => this.#mark());
  }

  get folders(): number {
    return this.#marked.size;
  }

  #mark(): void {
    for (const path of this.#options.folders()) {
      try {
        const stat = lstatSync(path, { throwIfNoEntry: false });
        if (!stat?.isDirectory()) continue;
        const key = fsidOf(path) + handleOf(path);
        if (this.#marked.get(path) === key) continue;
        this.#group.add(path, 0, ON_CHILD);
        this.#paths.set(key, path);
        this.#marked.set(path, key);
      } catch (error) {
        if (!this.#told)
          this.#options.log.warn("a place where programs settle cannot be watched", {
            path,
            why: (error as Error).message,
          });
        this.#told = true;
      }
    }
  }

  #read(): void {
    let folders = false;
    const seen = new Map<string, number>();
    try {
      for (let reads = 0; reads < READS; reads++) {
        const more = this.#group.read(({ mask, pid, entry }) => {
          if (mask & OVERFLOW || !entry) return;
          const { came, finished } = saidOf(mask);
          if (mask & ONDIR) {
            folders ||= came;
            return;
          }
          const folder = this.#paths.get(entry.fsid + entry.handle);
          if (folder === undefined || pid === process.pid || mask & MOVED_FROM || !(came || finished)) return;
          const path = join(folder, entry.name);
          if (placeOf(path) !== null) seen.set(path, pid);
        });
        if (!more) break;
      }
    } catch (error) {
      this.#options.log.warn("changes of places where programs settle cannot be read", {
        why: (error as Error).message,
      });
    }
    for (const [path, pid] of seen) this.#options.onChange(path, pid);
    if (folders) this.#mark();
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#group.close();
  }
}

/** Watches the known places of this machine, without anybody's naming them. @returns null where this process may not, or the kernel cannot */
export function watchPersistence(
  log: Logger,
  onChange: PersistenceWatchOptions["onChange"],
): PersistenceWatch | null {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return null;
  try {
    return new PersistenceWatch({ folders: persistenceFolders, onChange, log });
  } catch (error) {
    log.warn("places where programs settle are not watched", { why: (error as Error).message });
    return null;
  }
}
