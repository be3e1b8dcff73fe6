/** Work that goes on behind; keeps nothing of what is done. */
export class Pending {
  readonly #open = new Set<Promise<unknown>>();

  /** @param work one that never fails */
  add(work: Promise<unknown>): void {
    const kept = work.finally(() => this.#open.delete(kept));
    this.#open.add(kept);
  }

  get size(): number {
    return this.#open.size;
  }

  /** Resolves once all that was begun so far is done. */
  async idle(): Promise<void> {
    await Promise.all(this.#open);
  }
}
