import { dirname } from "node:path";
import type { DocumentDecoys } from "./document-decoys.ts";

export interface TendingOptions {
  readonly decoys: DocumentDecoys;
  /** Runs work behind; never fails. */
  readonly later: (work: () => Promise<void>) => void;
  /** Tells of a decoy that was touched without anybody seeing by whom. @returns whether it is to be made anew */
  readonly onTouched: (path: string, state: "changed" | "gone") => Promise<boolean>;
  /** There are other decoys than before. */
  readonly onPlanted: () => void;
  /** Milliseconds: only in tests others. */
  readonly waits?: Partial<Waits>;
}

interface Waits {
  /** How long a folder must be quiet until it gets decoys; and for how long it is waited for that at most. */
  readonly quiet: number;
  readonly most: number;
  /** Between two looks at what waits; between two looks at all decoys; between two looks for folders without. */
  readonly look: number;
  readonly check: number;
  readonly walk: number;
}

const usual: Waits = { quiet: 5000, most: 60_000, look: 1000, check: 300_000, walk: 3_600_000 };
/** Changed folders that are remembered; others are found by the next walk. */
const MOST = 4096;

/** Keeps decoys where they belong: new folders of documents get theirs, touched ones are made anew. */
export class Tending {
  readonly #options: TendingOptions;
  readonly #waits: Waits;
  readonly #changed = new Map<string, { root: string; first: number; last: number }>();
  readonly #timers: NodeJS.Timeout[] = [];
  #roots: readonly string[] = [];
  #working: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: TendingOptions) {
    this.#options = options;
    this.#waits = { ...usual, ...options.waits };
  }

  /** Where there never were decoys they are written before this resolves; other folders are looked through behind. */
  async start(roots: readonly string[]): Promise<void> {
    this.#roots = roots;
    const known: string[] = [];
    for (const root of roots) if (await this.#options.decoys.plant(root)) known.push(root);
    this.#do(() => this.#walk(known));
    const every = (ms: number, work: () => void) => {
      const timer = setInterval(work, ms);
      timer.unref();
      this.#timers.push(timer);
    };
    const { check, look, walk } = this.#waits;
    every(look, () => this.#due(Date.now()));
    every(check, () => this.#do(() => this.#check()));
    every(walk, () => this.#do(() => this.#walk(this.#roots)));
  }

  /** A document came, changed or went. */
  changed(path: string): void {
    const folder = dirname(path);
    if (this.#options.decoys.has(path)) return;
    const now = Date.now();
    const waiting = this.#changed.get(folder);
    if (waiting) waiting.last = now;
    else if (this.#changed.size < MOST) {
      const root = this.#roots.find((each) => folder === each || folder.startsWith(`${each}/`));
      if (root) this.#changed.set(folder, { root, first: now, last: now });
    }
  }

  #due(now: number): void {
    const due: [string, string][] = [];
    for (const [folder, { first, last, root }] of this.#changed)
      if (now - last >= this.#waits.quiet || now - first >= this.#waits.most) {
        this.#changed.delete(folder);
        due.push([root, folder]);
      }
    if (due.length === 0) return;
    this.#do(async () => {
      let planted = 0;
      for (const [root, folder] of due) planted += await this.#options.decoys.changedIn(root, [folder]);
      if (planted > 0) this.#options.onPlanted();
    });
  }

  async #walk(roots: readonly string[]): Promise<void> {
    let planted = 0;
    for (const root of roots) planted += await this.#options.decoys.plantBelow(root);
    if (planted > 0) this.#options.onPlanted();
  }

  /** Looks at all decoys now. */
  async #check(): Promise<void> {
    const { decoys, onTouched } = this.#options;
    for (const { path, state } of await decoys.check())
      if (await onTouched(path, state)) await decoys.restore(path);
  }

  #do(work: () => Promise<void>): void {
    this.#options.later(() => {
      const done = this.#working.then(async () => (this.#closed ? undefined : await work()));
      this.#working = done.catch(() => {});
      return done;
    });
  }

  close(): void {
    this.#closed = true;
    this.#options.decoys.close();
    for (const timer of this.#timers) clearInterval(timer);
  }
}
