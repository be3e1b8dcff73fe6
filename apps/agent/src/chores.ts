import type { Logger } from "@thymus/contracts";
import { BelievedClock } from "./citizen/believed-clock.ts";
import { deleteOld, type RetentionOptions } from "./quarantine/retention.ts";
import type { Prescriptions } from "./scanning/prescriptions.ts";
import type { Serial } from "./state/serial.ts";

export interface ChoresOptions extends RetentionOptions {
  readonly log: Logger;
  readonly prescriptions: Prescriptions;
  readonly serial: Serial;
}

/** Milliseconds between two looks at what a person may have decided on the command line, and at what is too old. */
const OFTEN = 5000;
const RARELY = 3_600_000;

/** Small work that nothing else occasions. */
export class Chores {
  readonly #timers: NodeJS.Timeout[];

  constructor(options: ChoresOptions) {
    const { log, prescriptions, serial } = options;
    const run = (what: string, work: () => Promise<unknown>) =>
      serial.run(work).catch((error: Error) => log.error(`${what} failed`, { why: error.message }));
    const clock = new BelievedClock();
    const old = () =>
      run("deleting what is too old", async () => {
        const now = await clock.now(options.db);
        if (now !== null) await deleteOld(options, now);
        else
          log.warn("the clock jumped: nothing is deleted for its age until it has gone evenly for an hour");
      });
    this.#timers = [
      setInterval(() => run("carrying out", () => prescriptions.carryOut()), OFTEN),
      setInterval(old, RARELY),
    ];
    for (const timer of this.#timers) timer.unref();
    old();
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }
}
