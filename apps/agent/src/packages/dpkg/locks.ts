import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** Milliseconds for which an answer holds. */
const FRESH = 50;

/**
 * Whether dpkg, or a front end such as apt between two runs of it, is at work: it holds DIR/lock or DIR/lock-frontend (frontend
 * locking, dpkg 1.19.1). Who runs as root could hold them too; therefore a lock postpones a judgement, and never decides it.
 */
export class Locks {
  readonly #files: readonly string[];
  #at = Number.NEGATIVE_INFINITY;
  #held = false;

  /** @param folder DIR, usually /var/lib/dpkg. @param names lock files in it */
  constructor(folder: string, names: readonly string[] = ["lock", "lock-frontend"]) {
    this.#files = names.map((name) => join(folder, name));
  }

  async held(): Promise<boolean> {
    if (performance.now() - this.#at < FRESH) return this.#held;
    this.#held = await this.#look();
    this.#at = performance.now();
    return this.#held;
  }

  async #look(): Promise<boolean> {
    const inodes: string[] = [];
    for (const file of this.#files) {
      const found = await stat(file, { bigint: true }).catch(() => null);
      if (found) inodes.push(`:${found.ino} `);
    }
    if (inodes.length === 0) return false;
    const locks = await readFile("/proc/locks", "utf8").catch(() => "");
    return inodes.some((inode) => locks.includes(inode));
  }
}
