import type { Changed, Writer } from "./messages.ts";

export interface PendingOptions {
  readonly settleSeconds: number;
  /** Files are complete: they may be looked at right now. */
  readonly onFinished: (paths: readonly string[]) => void;
  /** A few changes came to rest: what is clear by itself need not wait until the whole root is quiet. */
  readonly onFirst: (changes: Changes) => void;
  /** The root was quiet: all that changed since the last time. */
  readonly onSettled: (changes: Changes) => void;
}

/** Paths that changed, each with who wrote it last, as far as it is known. */
export type Changes = ReadonlyMap<string, Writer | null>;

/** A folder that never becomes quiet is judged nevertheless after this many settle times, at least ten seconds. */
const PATIENCE = 10;
/** Milliseconds of quiet before the first look, and milliseconds after which it comes at any rate. */
const FIRST_QUIET = 150;
const FIRST_LATEST = 400;
/** Changes beyond which there is no first look: a burst is judged as a whole. */
const FEW = 32;

/** Collects what changes below one watched root until it is quiet. */
export class Pending {
  readonly #options: PendingOptions;
  #changes = new Map<string, Writer | null>();
  #since = 0;
  #timer: NodeJS.Timeout | null = null;
  #firstSince = 0;
  #first: NodeJS.Timeout | null = null;

  constructor(options: PendingOptions) {
    this.#options = options;
  }

  has(path: string): boolean {
    return this.#changes.has(path);
  }

  get isWaiting(): boolean {
    return this.#changes.size > 0;
  }

  /** Who wrote a path that waits, as far as it is known by now. */
  writerOf(path: string): Writer | null {
    return this.#changes.get(path) ?? null;
  }

  /** True where too much changed for a first look. */
  get isBurst(): boolean {
    return this.#changes.size > FEW || !this.#looksFirst;
  }

  get #looksFirst(): boolean {
    return this.#options.settleSeconds * 1000 > FIRST_LATEST;
  }

  /** The changes that came last, at most `count`. */
  latest(count: number): Changes {
    return new Map([...this.#changes].slice(-count));
  }

  take(changes: readonly Changed[]): void {
    const finished: string[] = [];
    if (changes.length > 0 && this.#changes.size === 0) this.#since = performance.now();
    for (const { path, finished: complete, writer } of changes) {
      const known = this.#changes.get(path) ?? null;
      // Anew at the end: what changed last comes last.
      this.#changes.delete(path);
      this.#changes.set(path, writer ?? known);
      if (complete) finished.push(path);
    }
    if (finished.length > 0) this.#options.onFinished(finished);
    this.#wait();
    this.#waitForFirst(finished.length > 0);
  }

  /** Looks at these paths again after the next quiet time. */
  again(paths: Iterable<string>): void {
    if (this.#changes.size === 0) this.#since = performance.now();
    for (const path of paths) this.#changes.set(path, this.#changes.get(path) ?? null);
    this.#wait();
  }

  #wait(): void {
    if (this.#changes.size === 0) return;
    const quiet = this.#options.settleSeconds * 1000;
    const latest = this.#since + Math.max(PATIENCE * quiet, 10_000);
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#settle(), Math.max(0, Math.min(quiet, latest - performance.now())));
  }

  #waitForFirst(finished: boolean): void {
    const running = this.#first !== null;
    if (this.#first) clearTimeout(this.#first);
    this.#first = null;
    if (!running && !finished) return;
    if (this.isBurst) return;
    if (!running) this.#firstSince = performance.now();
    const latest = this.#firstSince + FIRST_LATEST;
    this.#first = setTimeout(
      () => {
        this.#first = null;
        if (this.#changes.size > 0) this.#options.onFirst(new Map(this.#changes));
      },
      Math.max(0, Math.min(FIRST_QUIET, latest - performance.now())),
    );
  }

  #settle(): void {
    const changes = this.#changes;
    this.#changes = new Map();
    this.#timer = null;
    if (this.#first) clearTimeout(this.#first);
    this.#first = null;
    if (changes.size > 0) this.#options.onSettled(changes);
  }

  close(): void {
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#first) clearTimeout(this.#first);
    this.#timer = null;
    this.#first = null;
    this.#changes.clear();
  }
}
