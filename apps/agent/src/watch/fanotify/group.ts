import { closeDescriptor, readSome } from "../calls.ts";
import * as fan from "./abi.ts";
import { flushFolders, mark, markOpened, openFanotify } from "./calls.ts";
import { type FanotifyEvent, fanotifyEvents } from "./events.ts";

/** A fanotify group of notifications, by which one kind of mark is set. */
export class Group {
  readonly fd = openFanotify();
  readonly #buffer = Buffer.alloc(1 << 20);
  #mask: number = fan.MASK_RENAME;

  /** @throws Error with `code` */
  add(path: string, flags: number, also = 0): void {
    try {
      mark(this.fd, fan.MARK_ADD | flags, this.#mask | also, path);
    } catch (error) {
      // Before Linux 5.17 a rename is two events.
      if ((error as NodeJS.ErrnoException).code !== "EINVAL" || this.#mask === fan.MASK_MOVED) throw error;
      this.#mask = fan.MASK_MOVED;
      mark(this.fd, fan.MARK_ADD | flags, this.#mask | also, path);
    }
  }

  /** No more events of files in this folder, until `hear`, or until the kernel forgets the folder. Renames are still told. */
  hush(folder: number): boolean {
    return markOpened(this.fd, fan.MARK_ADD | fan.MARK_IGNORE_SURV | fan.MARK_EVICTABLE, HUSHED, folder);
  }

  hear(folder: number): void {
    markOpened(this.fd, fan.MARK_REMOVE | fan.MARK_IGNORE_SURV, HUSHED, folder);
  }

  hearAll(): void {
    flushFolders(this.fd);
  }

  /** @returns false where nothing waits */
  read(on: (event: FanotifyEvent) => void): boolean {
    const length = readSome(this.fd, this.#buffer);
    for (const event of fanotifyEvents(this.#buffer.subarray(0, length))) on(event);
    return length > 0;
  }

  close(): void {
    closeDescriptor(this.fd);
  }
}

const HUSHED = (fan.MASK_RENAME & ~fan.RENAME) | fan.ON_CHILD;

/** What an event says of a name, in the words of both sources. */
export function saidOf(mask: number): {
  folder: boolean;
  came: boolean;
  gone: boolean;
  left: boolean;
  finished: boolean;
} {
  const moved = fan.MOVED_TO | fan.RENAME;
  return {
    folder: (mask & fan.ONDIR) !== 0,
    came: (mask & (fan.CREATE | moved)) !== 0,
    gone: (mask & fan.DELETE) !== 0,
    left: (mask & fan.MOVED_FROM) !== 0,
    finished: (mask & (fan.CLOSE_WRITE | moved)) !== 0,
  };
}
