/** Reads and digests files within a thread, synchronously: for many small files that is several times faster than the pool of Node. */
import { createHash, hash } from "node:crypto";
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readlinkSync, readSync } from "node:fs";
import { pathOf } from "./byte-string.ts";
import { isCold, leaveCold } from "./page-cache.ts";
import type { TreeTrouble } from "./protocol.ts";
import { stampOf } from "./stamp.ts";

/** Files below this are read in one piece. */
const BUFFER = 1 << 20;
/** A file that changes while it is read is read again, this often in all. */
const ATTEMPTS = 3;
/** Contents of files with several names that are remembered. */
const REMEMBERED = 4096;
const NOTHING = hash("sha256", "", "base64url");

export class Stopped extends Error {}

export interface Content {
  readonly sha256: string;
  /** Of the moment at which it had this content. */
  readonly stamp: string;
  readonly bytes: number;
  readonly seen: unknown;
}
export interface Trouble {
  readonly trouble: Exclude<TreeTrouble, "other-file-system">;
  readonly why: string;
}

/** What is to be learned of a content beside its digest. */
export interface Inspector {
  /** Whether the file, by its first bytes (4 KiB), is to be held in memory as a whole. @returns bytes that may be held; 0: not at all */
  wants(head: Buffer, name: string): number;
  /**
   * @param whole the content, or null where it is larger, or was not wanted
   * @param sha256 of the content, base64url
   */
  see(whole: Buffer | null, edges: () => Buffer, sha256: string): unknown;
}

export interface ReaderOptions {
  readonly stop: Int32Array;
  readonly room: Int32Array;
  readonly inspector: Inspector | null;
  /** Files above this are not read, but Stopped is thrown. Bytes. */
  readonly most?: number;
}

export class ContentReader {
  readonly #options: ReaderOptions;
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER);
  readonly #linked = new Map<string, Content>();
  readonly #user = process.geteuid?.() ?? -1;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** Digest of where a link leads to. */
  link(path: string): { sha256: string } | Trouble {
    try {
      return { sha256: hash("sha256", readlinkSync(pathOf(path), "buffer"), "base64url") };
    } catch (error) {
      return troubleOf(error);
    }
  }

  /**
   * Digest of a regular file, once for all its names. Never follows a link, waits for a FIFO or changes the access time.
   * @throws Stopped
   */
  file(path: string, name: string, stat: BigIntStats): Content | Trouble {
    if (stat.size > BigInt(this.#options.most ?? Number.MAX_SAFE_INTEGER)) throw new Stopped();
    if (stat.nlink < 2n) return this.#read(path, name, stat);
    const inode = `${stat.dev} ${stat.ino} ${name.slice(name.lastIndexOf(".") + 1)}`;
    const known = this.#linked.get(inode);
    if (known?.stamp === stampOf(stat)) return { ...known, bytes: 0 };
    const content = this.#read(path, name, stat);
    if ("sha256" in content) {
      if (this.#linked.size >= REMEMBERED) this.#linked.clear();
      this.#linked.set(inode, content);
    }
    return content;
  }

  #read(path: string, name: string, stat: BigIntStats): Content | Trouble {
    if (stat.size === 0n && this.#options.inspector === null)
      return { sha256: NOTHING, stamp: stampOf(stat), bytes: 0, seen: null };
    let fd: number;
    try {
      fd = this.#open(path, stat);
    } catch (error) {
      return troubleOf(error);
    }
    try {
      let before = stampOf(stat);
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const content = this.#digest(fd, name, Number(before.slice(0, before.indexOf(" "))));
        const now = fstatSync(fd, { bigint: true });
        if (!now.isFile()) return { trouble: "changing", why: "another kind of file took its place" };
        const after = stampOf(now);
        if (after === before) return { ...content, stamp: after };
        before = after;
      }
      return { trouble: "changing", why: `it changed during each of ${ATTEMPTS} attempts to read it` };
    } catch (error) {
      if (error instanceof Stopped) throw error;
      return troubleOf(error);
    } finally {
      closeSync(fd);
    }
  }

  #open(path: string, stat: BigIntStats): number {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const own = this.#user === 0 || stat.uid === BigInt(this.#user);
    if (!own || constants.O_NOATIME === undefined) return openSync(pathOf(path), flags);
    try {
      return openSync(pathOf(path), flags | constants.O_NOATIME);
    } catch (error) {
      // Root without the capability, e.g. of another user namespace.
      if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error;
      return openSync(pathOf(path), flags);
    }
  }

  #digest(fd: number, name: string, size: number): Omit<Content, "stamp"> {
    const { inspector } = this.#options;
    const cold = size >= BUFFER && isCold(fd);
    // Not beyond its size: a byte more would show in its times as well.
    const filled = fill(fd, size < BUFFER ? this.#buffer.subarray(0, size) : this.#buffer, 0);
    if (filled < BUFFER) {
      const content = this.#buffer.subarray(0, filled);
      const sha256 = filled === 0 ? NOTHING : hash("sha256", content, "base64url");
      if (!inspector) return { sha256, bytes: filled, seen: null };
      const whole = inspector.wants(content, name) > 0 ? content : null;
      return { sha256, bytes: filled, seen: inspector.see(whole, () => content, sha256) };
    }
    const most = inspector?.wants(this.#buffer, name) ?? 0;
    const content = size <= most ? this.#whole(fd, size) : this.#streamed(fd, size, most > 0);
    if (cold) leaveCold(fd);
    return content;
  }

  /** A large program: one at a time in all threads, so that memory stays bounded. */
  #whole(fd: number, size: number): Omit<Content, "stamp"> {
    const { room, inspector, stop } = this.#options;
    while (Atomics.compareExchange(room, 0, 0, 1) !== 0) {
      Atomics.wait(room, 0, 1, 100);
      if (Atomics.load(stop, 0) !== 0) throw new Stopped();
    }
    const memory = Buffer.allocUnsafeSlow(size);
    try {
      this.#buffer.copy(memory);
      const filled = fill(fd, memory, BUFFER);
      const content = memory.subarray(0, filled);
      const sha256 = hash("sha256", content, "base64url");
      return { sha256, bytes: filled, seen: inspector!.see(content, () => content, sha256) };
    } finally {
      // Given back now, not when the collector comes by.
      memory.buffer.transfer(0);
      Atomics.store(room, 0, 0);
      Atomics.notify(room, 0);
    }
  }

  #streamed(fd: number, size: number, edgesWanted: boolean): Omit<Content, "stamp"> {
    const { inspector, stop } = this.#options;
    const digest = createHash("sha256");
    let at = 0;
    for (;;) {
      // The head is in the buffer, but the file may be about to change: it is read from one end to the other.
      const filled = fill(fd, this.#buffer, 0, at);
      if (filled === 0) break;
      digest.update(this.#buffer.subarray(0, filled));
      at += filled;
      if (Atomics.load(stop, 0) !== 0) throw new Stopped();
    }
    const edges = () => {
      const both = Buffer.allocUnsafeSlow(2 * BUFFER);
      const head = fill(fd, both.subarray(0, BUFFER), 0, 0);
      const tail = fill(fd, both.subarray(head, head + BUFFER), 0, Math.max(head, size - BUFFER));
      return both.subarray(0, head + tail);
    };
    const sha256 = digest.digest("base64url");
    const seen = inspector ? inspector.see(null, edgesWanted ? edges : () => Buffer.alloc(0), sha256) : null;
    return { sha256, bytes: at, seen };
  }
}

/** Fills a buffer from `start` on. @param at place in the file; default: the same as in the buffer. @returns bytes in the buffer */
function fill(fd: number, buffer: Buffer, start: number, at = start): number {
  let filled = start;
  while (filled < buffer.length) {
    const count = readSync(fd, buffer, filled, buffer.length - filled, at + filled - start);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

export function troubleOf(error: unknown): Trouble {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") return { trouble: "vanished", why: "it is gone" };
  if (code === "ELOOP") return { trouble: "changing", why: "a link took its place" };
  return { trouble: "unreadable", why: (message ?? String(error)).split(",")[0]! };
}
