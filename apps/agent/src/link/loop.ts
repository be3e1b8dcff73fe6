import { asThymusError, type Logger } from "@thymus/contracts";

/** Milliseconds of the first pause after a failure, and of the longest, each half as much more or less by chance. */
const FIRST = 500;
const LONGEST = 120_000;

/**
 * Repeats a piece of work until it is stopped. The work says in how many milliseconds it wants to run again (null: when
 * woken, at the latest after a minute). A failure is logged once while it lasts, and tried again with a growing pause.
 */
export class Loop {
  readonly #work: () => Promise<number | null>;
  readonly #name: string;
  readonly #log: Logger;
  #wake: () => void = () => {};
  #woken = false;
  #stopped = false;
  #running: Promise<void> | null = null;
  #failing: string | null = null;

  constructor(name: string, log: Logger, work: () => Promise<number | null>) {
    this.#name = name;
    this.#log = log;
    this.#work = work;
  }

  /** Why the last round failed, or null. */
  get failing(): string | null {
    return this.#failing;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stopped) {
      this.#woken = false;
      let pause: number;
      try {
        pause = (await this.#work()) ?? 60_000;
        if (this.#failing) this.#log.info(`${this.#name}: works again`);
        this.#failing = null;
        failures = 0;
      } catch (thrown) {
        if (this.#stopped) return;
        const error = asThymusError(thrown);
        const why = `${error.code}: ${error.message}`;
        if (why !== this.#failing) this.#log.warn(`${this.#name}: ${why}`);
        this.#failing = why;
        // A server that comes back is not met by all its agents at once.
        pause = Math.min(LONGEST, FIRST * 2 ** Math.min(failures++, 10)) * (0.5 + Math.random());
      }
      await this.#sleep(pause);
    }
  }

  #sleep(milliseconds: number): Promise<void> {
    if (this.#woken || this.#stopped || milliseconds <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
