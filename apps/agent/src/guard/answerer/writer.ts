/** Names that are kept of one tree at most, of each kind. */
const MAX_NAMES = 10_000;

/** What one process tree did to documents. */
export class Writer {
  readonly key: string;
  /** All processes of the tree that were seen. */
  readonly pids = new Set<number>();
  /** Documents that were there before and were written to, removed, renamed or replaced, each with the last process that did. */
  readonly changed = new Map<string, number>();
  /** Files that it made itself: what it does to these changes no document. */
  readonly created = new Set<string>();
  decoy = false;
  denied = false;
  /** The question about it that is open, or 0. */
  ask = 0;
  seen = 0;
  /** Documents when it was last asked about. */
  #asked = 0;
  #askedDecoy = false;

  constructor(key: string) {
    this.key = key;
  }

  /** @returns how many names are kept of it */
  get names(): number {
    return this.changed.size + this.created.size;
  }

  change(path: string, pid: number): void {
    if (this.created.has(path)) return;
    if (this.changed.size < MAX_NAMES || this.changed.has(path)) this.changed.set(path, pid);
  }

  /** The oldest goes: what one makes, one writes at once. */
  make(path: string): void {
    this.created.add(path);
    if (this.created.size <= MAX_NAMES) return;
    const oldest = this.created.values().next();
    if (!oldest.done) this.created.delete(oldest.value);
  }

  remove(path: string, pid: number): void {
    if (!this.created.delete(path)) this.change(path, pid);
  }

  /** @param replaced whether another file had the new name */
  rename(from: string, to: string | null, replaced: boolean, pid: number): void {
    const own = this.created.delete(from);
    if (!own) this.change(from, pid);
    if (to === null) return;
    if (replaced) this.change(to, pid);
    // What lies there now is a document again that it changed, or its own.
    else this.make(to);
  }

  /**
   * Whether the agent should be asked about it (again): from `files` changed documents on, with each further one at first and
   * then ever more seldom; and at once when it touched a decoy.
   */
  due(files: number): boolean {
    if (this.denied || this.ask !== 0) return false;
    if (this.decoy && !this.#askedDecoy) return true;
    const count = this.changed.size;
    return count >= files && count >= this.#asked + (this.#asked === 0 ? 0 : Math.max(1, this.#asked >> 3));
  }

  asking(id: number): void {
    this.ask = id;
    this.#asked = this.changed.size;
    this.#askedDecoy ||= this.decoy;
  }
}
