import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** Milliseconds for which an answer holds. */
const FRESH = 50;
/** Milliseconds after which a lock that is still held is worth a word. */
const LONG = 3_600_000;

/**
 * Whether dpkg, or a front end such as apt between two runs of it, is at work: it holds DIR/lock or DIR/lock-frontend (frontend
 * locking, dpkg 1.19.1). Who runs as root could hold them too; therefore a lock postpones a judgement, and never decides it.
 */
export class Locks {
  readonly #files: readonly string[];
  #at = Number.NEGATIVE_INFINITY;
  #held = false;
  #since: number | null = null;
  /** By identity: how the kernel names the file among the locks. */
  readonly #names = new Map<string, string>();

  /** @param folder DIR, usually /var/lib/dpkg. @param names lock files in it */
  constructor(folder: string, names: readonly string[] = ["lock", "lock-frontend"]) {
    this.#files = names.map((name) => join(folder, name));
  }

  async held(): Promise<boolean> {
    if (performance.now() - this.#at < FRESH) return this.#held;
    this.#held = await this.#look();
    this.#at = performance.now();
    this.#since = this.#held ? (this.#since ?? this.#at) : null;
    return this.#held;
  }

  /** What a person should know: one that holds the lock for ever keeps changes waiting. */
  async notices(): Promise<string[]> {
    const held = await this.held();
    if (!held || performance.now() - this.#since! < LONG) return [];
    return [`${this.#files.join(" or ")} has been locked for over an hour: changed programs are judged late`];
  }

  async #look(): Promise<boolean> {
    const names: string[] = [];
    for (const file of this.#files) {
      const found = await stat(file, { bigint: true }).catch(() => null);
      if (!found) continue;
      const identity = `${found.dev} ${found.ino}`;
      const name = this.#names.get(identity) ?? ` ${await deviceOf(file)}:${found.ino} `;
      if (this.#names.size > 16) this.#names.clear();
      this.#names.set(identity, name);
      names.push(name);
    }
    if (names.length === 0) return false;
    const locks = await readFile("/proc/locks", "utf8").catch(() => "");
    return names.some((name) => locks.includes(name));
  }
}

/**
 * MAJOR:MINOR in hexadecimal digits of the file system that a file lies on, as /proc/locks has it. Not that of stat(2), which tells
 * subvolumes and layers apart. Where it cannot be found out a name that no lock has.
 */
async function deviceOf(path: string): Promise<string> {
  const handle = await open(path, "r").catch(() => null);
  if (!handle) return "?";
  try {
    const info = await readFile(`/proc/self/fdinfo/${handle.fd}`, "utf8").catch(() => "");
    const mount = /^mnt_id:\s*(\d+)$/m.exec(info)?.[1];
    const mounts = await readFile("/proc/self/mountinfo", "utf8").catch(() => "");
    const device = new RegExp(`^${mount} \\d+ (\\d+):(\\d+) `, "m").exec(mounts);
    if (!device) return "?";
    return device
      .slice(1)
      .map((number) => Number(number).toString(16).padStart(2, "0"))
      .join(":");
  } finally {
    await handle.close();
  }
}
