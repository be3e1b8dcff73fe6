import { setTimeout } from "node:timers/promises";
import { ContentReader } from "./content.ts";
import type { TreeJob, TreeReport, TreeUnit } from "./protocol.ts";
import { TreeStore } from "./store.ts";
import { TreeWork } from "./tree-work.ts";

/** Larger files are left to a thread: reading one must not hold up everything else. Bytes. */
const MOST = 1 << 18;
/** Milliseconds between two tries to write while somebody else does, and in all. */
const PAUSE = 5;
const PATIENCE = 30_000;

/** The work on a tree in the thread of the caller, a few milliseconds at a time. */
export class InlineTree {
  readonly #store: TreeStore;
  readonly #work: TreeWork;

  private constructor(store: TreeStore, work: TreeWork) {
    this.#store = store;
    this.#work = work;
  }

  static async open(job: TreeJob): Promise<InlineTree> {
    const inspector =
      job.mode === "check" ? null : (await import("./program.ts")).programInspector(job.maxBytes);
    // The other writer may be this very thread, in a transaction that goes on only once we return: no waiting here.
    const store = new TreeStore(job.database, job, 0);
    const stop = new Int32Array(job.stop);
    const reader = new ContentReader({ stop, room: new Int32Array(job.room), inspector, most: MOST });
    return new InlineTree(store, new TreeWork(job, store, reader));
  }

  /** @returns what was done and written down; `stuck` where a large file is next */
  async turn(
    units: readonly TreeUnit[],
    milliseconds: number,
  ): Promise<{ report: TreeReport; stuck: boolean }> {
    const started = performance.now();
    const report = this.#work.run(units, false, milliseconds);
    const stuck = report.left > 0 && performance.now() - started < milliseconds;
    for (const until = started + PATIENCE; !this.#store.flush(); await setTimeout(PAUSE))
      if (performance.now() > until) throw new Error("another process writes to the database without pause");
    await setTimeout(0);
    return { report, stuck };
  }

  rest(): TreeUnit[] {
    return this.#work.rest();
  }

  close(): void {
    this.#store.close();
  }
}
