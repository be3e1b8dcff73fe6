import type { Changed, Writer } from "./messages.ts";

/** Paths that may wait; beyond, a comparison costs less than to know each of them. */
export const MAX_PATHS = 200_000;

/** Changes that wait to be told: each path once, however often it changed. */
export class Batch {
  readonly #max: number;
  #roots = new Map<string, Map<string, Changed>>();
  #size = 0;

  constructor(max: number = MAX_PATHS) {
    this.#max = max;
  }

  get size(): number {
    return this.#size;
  }

  /** @returns false where too many wait: nothing more is taken, all of the root must be compared */
  add(root: string, path: string, finished: boolean, writer: Writer | null): boolean {
    let paths = this.#roots.get(root);
    if (!paths) {
      paths = new Map();
      this.#roots.set(root, paths);
    }
    const known = paths.get(path);
    if (!known) {
      if (this.#size >= this.#max) return false;
      this.#size++;
    }
    paths.set(path, {
      path,
      finished: finished || known?.finished === true,
      writer: writer ?? known?.writer ?? null,
    });
    return true;
  }

  take(): { root: string; changes: Changed[] }[] {
    const all = [...this.#roots].map(([root, paths]) => ({ root, changes: [...paths.values()] }));
    this.#roots = new Map();
    this.#size = 0;
    return all;
  }
}
