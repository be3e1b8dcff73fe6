import { lstat } from "node:fs/promises";
import type { Logger } from "@thymus/contracts";
import { TreeWatch } from "./inotify.ts";

export interface RootGuardOptions {
  readonly root: string;
  readonly settleSeconds: number;
  readonly skip: (folder: string) => boolean;
  /** A file is complete: it may be looked at right now. */
  readonly onFinished: (path: string) => void;
  /** The folder was quiet: all that changed since the last time. */
  readonly onSettled: (paths: ReadonlySet<string>) => void;
  /** Events were lost: compare with the baseline. */
  readonly onLost: () => void;
  readonly log: Logger;
}

/** A folder that never becomes quiet is judged nevertheless after this many settle times, at least ten seconds. */
const PATIENCE = 10;

/** Collects what changes below one watched root until it is quiet. */
export class RootGuard {
  readonly root: string;
  readonly #options: RootGuardOptions;
  #watch: TreeWatch | null = null;
  #inode: bigint | null = null;
  #pending = new Set<string>();
  #since = 0;
  #timer: NodeJS.Timeout | null = null;
  #blindFolders = 0;
  #why: string | null = null;

  constructor(options: RootGuardOptions) {
    this.root = options.root;
    this.#options = options;
  }

  /** Why changes may go unseen until the next re-check, or null. */
  get blind(): string | null {
    return this.#why;
  }

  has(path: string): boolean {
    return this.#pending.has(path);
  }

  /** Begins to watch, or begins anew where the folder was replaced or could not be watched before. */
  async ensure(): Promise<void> {
    const { root, log } = this.#options;
    const stat = await lstat(root, { bigint: true }).catch(() => null);
    if (!stat?.isDirectory()) {
      await this.#unwatch();
      this.#blind(`${root} is no folder`);
      return;
    }
    if (this.#watch && this.#inode === stat.ino && this.#blindFolders === 0) return;
    await this.#unwatch();
    this.#blindFolders = 0;
    try {
      this.#inode = stat.ino;
      this.#watch = await TreeWatch.open({
        root,
        skip: this.#options.skip,
        onChange: (path, finished) => this.changed(path, finished),
        onLost: this.#options.onLost,
        onBlind: (folder, error) => {
          this.#blindFolders++;
          this.#blind(`${folder} and perhaps others cannot be watched: ${error.message}`);
        },
      });
      if (this.#blindFolders === 0) this.#why = null;
    } catch (error) {
      this.#blind(`${root} cannot be watched: ${(error as Error).message}`);
      log.warn("no events of a watched folder", { root, why: (error as Error).message });
    }
  }

  #blind(why: string): void {
    if (this.#why === null) this.#options.log.warn("blind", { why });
    this.#why ??= why;
  }

  async #unwatch(): Promise<void> {
    await this.#watch?.close();
    this.#watch = null;
    this.#why = null;
  }

  changed(path: string, finished = false): void {
    const { settleSeconds, onFinished } = this.#options;
    if (this.#pending.size === 0) this.#since = Date.now();
    this.#pending.add(path);
    if (finished) onFinished(path);
    const quiet = settleSeconds * 1000;
    const latest = this.#since + Math.max(PATIENCE * quiet, 10_000);
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#settle(), Math.max(0, Math.min(quiet, latest - Date.now())));
  }

  /** All that waits, to be judged now. */
  take(): ReadonlySet<string> {
    const paths = this.#pending;
    this.#pending = new Set();
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    return paths;
  }

  #settle(): void {
    const paths = this.#pending;
    this.#pending = new Set();
    this.#timer = null;
    if (paths.size > 0) this.#options.onSettled(paths);
  }

  async close(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#pending.clear();
    await this.#unwatch();
  }
}
