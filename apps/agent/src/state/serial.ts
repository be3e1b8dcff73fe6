/** Runs pieces of work one after the other, in the order in which they were asked for. A failure ends only its own piece. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work, work);
    this.#last = result.catch(() => {});
    return result;
  }

  /** Resolves once everything that was asked for until now has ended. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
