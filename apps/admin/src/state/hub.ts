/** What listeners hear. It carries no secrets and little content: a listener fetches what it wants to know. */
export type Notice =
  | { readonly type: "case"; readonly id: string; readonly stage: string }
  | { readonly type: "progress"; readonly id: string; readonly what: string }
  | { readonly type: "machine"; readonly id: string }
  | { readonly type: "prescription"; readonly id: string }
  | { readonly type: "policy" }
  /** Something that machines sync changed. */
  | { readonly type: "revision" }
  /** Work for analysis centres was added. */
  | { readonly type: "work" };

type Listener = (notice: Notice) => void;

/** Tells listeners of this process about changes: the long polls and the event stream. */
export class Hub {
  readonly #listeners = new Set<Listener>();
  #closed = false;
  readonly #closing = new AbortController();

  /** Aborts every wait when the server closes. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  tell(notice: Notice): void {
    for (const listener of [...this.#listeners]) listener(notice);
  }

  /** @returns how to stop listening */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Looks until there is an answer, the time is over, or the asking party is gone. Listens before each look, so that no
   * notice is missed between a look and a wait.
   * @param everySeconds looks again after this time even without a notice
   */
  async waitFor<T>(
    type: Notice["type"],
    look: () => Promise<T | null>,
    options: { seconds: number; everySeconds?: number; gone?: AbortSignal },
  ): Promise<T | null> {
    const until = performance.now() + options.seconds * 1000;
    for (;;) {
      let wake = () => {};
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const stop = this.listen((notice) => {
        if (notice.type === type) wake();
      });
      try {
        if (options.gone?.aborted) return null;
        const found = await look();
        if (found !== null) return found;
        const left = until - performance.now();
        if (left <= 0 || this.#closed || options.gone?.aborted) return null;
        const timer = setTimeout(wake, Math.min(left, (options.everySeconds ?? 3600) * 1000));
        options.gone?.addEventListener("abort", wake);
        this.closing.addEventListener("abort", wake);
        await woken;
        clearTimeout(timer);
        options.gone?.removeEventListener("abort", wake);
        this.closing.removeEventListener("abort", wake);
      } finally {
        stop();
      }
    }
  }

  close(): void {
    this.#closed = true;
    this.#closing.abort();
    this.#listeners.clear();
  }
}
