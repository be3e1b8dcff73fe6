import { inotify } from "../files/libc.ts";
import { walkFiles } from "../files/walk.ts";

const MODIFY = 0x2;
const ATTRIB = 0x4;
const CLOSE_WRITE = 0x8;
const MOVED_FROM = 0x40;
const MOVED_TO = 0x80;
const CREATE = 0x100;
const DELETE = 0x200;
const OVERFLOW = 0x4000;
const IGNORED = 0x8000;
const ONLYDIR = 0x1000000;
const DONT_FOLLOW = 0x2000000;
const EXCL_UNLINK = 0x4000000;
const ISDIR = 0x40000000;
const MASK =
  MODIFY |
  ATTRIB |
  CLOSE_WRITE |
  MOVED_FROM |
  MOVED_TO |
  CREATE |
  DELETE |
  ONLYDIR |
  DONT_FOLLOW |
  EXCL_UNLINK;

/** Milliseconds between two looks for events. */
const POLL = 100;

export interface TreeWatchOptions {
  readonly root: string;
  readonly skip: (folder: string) => boolean;
  /** `finished`: the writer closed the file or moved it here, so that its content is complete. */
  readonly onChange: (path: string, finished: boolean) => void;
  /** The kernel lost events: what changed must be found by comparing. */
  readonly onLost: () => void;
  /** A folder below the root cannot be watched (e.g. ENOSPC: fs.inotify.max_user_watches). */
  readonly onBlind: (folder: string, error: Error) => void;
}

/**
 * Events of a whole folder tree. Raw inotify(7), since the watchers for Node drop the kernel's overflow message and lose
 * folders that are made within one another faster than they are watched; here each new folder is listed after its watch
 * is set, so that nothing falls in between.
 */
export class TreeWatch {
  readonly #options: TreeWatchOptions;
  readonly #fd: number;
  readonly #folders = new Map<number, string>();
  readonly #buffer = Buffer.alloc(256 * 1024);
  readonly #timer: NodeJS.Timeout;
  #pending: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(options: TreeWatchOptions) {
    this.#options = options;
    this.#fd = inotify.open();
    this.#timer = setInterval(() => this.#drain(), POLL);
  }

  static async open(options: TreeWatchOptions): Promise<TreeWatch> {
    const watch = new TreeWatch(options);
    try {
      // The root itself must be watchable; below it one blind folder does not end the others.
      inotify.add(watch.#fd, options.root, MASK);
    } catch (error) {
      await watch.close();
      throw error;
    }
    await watch.#addTree(options.root, false);
    return watch;
  }

  get folders(): number {
    return this.#folders.size;
  }

  async #addTree(root: string, report: boolean): Promise<void> {
    const { skip, onBlind, onChange } = this.#options;
    const onFolder = (folder: string) => {
      try {
        if (!this.#closed) this.#folders.set(inotify.add(this.#fd, folder, MASK), folder);
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        if (code !== "ENOENT" && code !== "ENOTDIR" && code !== "ELOOP") onBlind(folder, error as Error);
      }
    };
    for await (const path of walkFiles(root, { skip, onFolder })) if (report) onChange(path, true);
  }

  #drain(): void {
    while (!this.#closed) {
      const length = inotify.read(this.#fd, this.#buffer);
      if (length === 0) return;
      for (let at = 0; at < length; ) {
        const wd = this.#buffer.readInt32LE(at);
        const mask = this.#buffer.readUInt32LE(at + 4);
        const size = this.#buffer.readUInt32LE(at + 12);
        const name = this.#buffer
          .subarray(at + 16, at + 16 + size)
          .toString("utf8")
          .replace(/\0+$/, "");
        at += 16 + size;
        this.#event(wd, mask, name);
      }
    }
  }

  #event(wd: number, mask: number, name: string): void {
    if (mask & OVERFLOW) {
      this.#options.onLost();
      return;
    }
    const folder = this.#folders.get(wd);
    if (mask & IGNORED) {
      this.#folders.delete(wd);
      return;
    }
    if (folder === undefined || name === "") return;
    const path = `${folder}/${name}`;
    if (!(mask & ISDIR)) {
      this.#options.onChange(path, (mask & (CLOSE_WRITE | MOVED_TO)) !== 0);
      return;
    }
    if (mask & MOVED_FROM) this.#dropTree(path);
    if (mask & (CREATE | MOVED_TO)) {
      this.#pending = this.#pending.then(() => this.#addTree(path, true)).catch(() => this.#options.onLost());
    }
    if (mask & (DELETE | MOVED_FROM)) this.#options.onChange(path, false);
  }

  #dropTree(root: string): void {
    for (const [wd, folder] of this.#folders) {
      if (folder !== root && !folder.startsWith(`${root}/`)) continue;
      inotify.remove(this.#fd, wd);
      this.#folders.delete(wd);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#pending;
    inotify.close(this.#fd);
  }
}
