import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { ThymusError } from "@thymus/contracts";
import { InlineTree } from "./inline-tree.ts";
import {
  addCounts,
  noCounts,
  type TreeChange,
  type TreeCounts,
  type TreeGrant,
  type TreeJob,
  type TreeProblem,
  type TreeReport,
  type TreeUnit,
} from "./protocol.ts";

/** More threads gain little: the kernel's locks on folders and the disk decide. */
const MAX_THREADS = 8;
/** Milliseconds that a thread gets to end its turn once all is to stop; one may hang in a network file system. */
const GRACE = 5000;
/** How long, in milliseconds, and how often at most, work is done in the thread of the caller. */
const INLINE_QUANTUM = 8;
const INLINE_TURNS = 10;

export interface TreeRunOptions {
  readonly job: Omit<TreeJob, "stop" | "room">;
  readonly units: readonly TreeUnit[];
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called in turn, never at the same time; the next turn of that thread waits for it. */
  onChanges?(changes: readonly TreeChange[]): void | Promise<void>;
  onProblem?(problem: TreeProblem): void;
  /** What was counted until now is written down. Awaited like `onChanges`. */
  onProgress?(counts: Readonly<TreeCounts>): void | Promise<void>;
}

/**
 * Walks trees in threads, each with a stack of its own, of which it gives half away as long as another has nothing to do. What is
 * found is told as it comes, in no order; a thread writes down what it did before it tells of it.
 * @throws ThymusError INTERRUPTED (all done until then is written down), STORE_FAILED
 */
export async function runTree(options: TreeRunOptions): Promise<TreeCounts> {
  return new TreeRun(options).run();
}

interface Thread {
  readonly worker: Worker;
  busy: boolean;
  left: number;
}

class TreeRun {
  readonly #options: TreeRunOptions;
  readonly #counts = noCounts();
  readonly #stop = new SharedArrayBuffer(4);
  readonly #waiting: TreeUnit[];
  readonly #threads: Thread[] = [];
  #telling: Promise<void> = Promise.resolve();
  #settle: { resolve: () => void; reject: (error: unknown) => void } | null = null;

  constructor(options: TreeRunOptions) {
    this.#options = options;
    this.#waiting = [...options.units];
  }

  async run(): Promise<TreeCounts> {
    const { signal, threads = Math.min(MAX_THREADS, availableParallelism()) } = this.#options;
    if (signal?.aborted) throw interrupted();
    if (await this.#atOnce()) return this.#counts;
    const stop = () => Atomics.store(new Int32Array(this.#stop), 0, 1);
    signal?.addEventListener("abort", stop);
    const job: TreeJob = { ...this.#options.job, stop: this.#stop, room: new SharedArrayBuffer(4) };
    const ended: Promise<unknown>[] = [];
    try {
      await new Promise<void>((resolve, reject) => {
        this.#settle = { resolve, reject };
        for (let number = 0; number < Math.max(1, threads); number++) ended.push(this.#start(job));
        this.#deal();
      });
      await this.#telling;
      if (signal?.aborted) throw interrupted();
      return this.#counts;
    } finally {
      signal?.removeEventListener("abort", stop);
      stop();
      await this.#end(ended);
    }
  }

  /** A small tree is done before a thread would have started; of a larger one, what is left goes to threads. @returns whether all is done */
  async #atOnce(): Promise<boolean> {
    const { job, signal } = this.#options;
    const inline = await InlineTree.open({ ...job, stop: this.#stop, room: new SharedArrayBuffer(4) });
    try {
      for (let turn = 0; turn < INLINE_TURNS; turn++) {
        const { report, stuck } = await inline.turn(this.#waiting.splice(0), INLINE_QUANTUM);
        await this.#tell(report);
        if (signal?.aborted) throw interrupted();
        if (report.left === 0) return true;
        if (stuck) break;
      }
      this.#waiting.push(...inline.rest());
      return false;
    } finally {
      inline.close();
    }
  }

  #start(job: TreeJob): Promise<unknown> {
    const worker = new Worker(new URL("./tree-worker.ts", import.meta.url), {
      workerData: job,
      // Not the options of this process: they may be such as a thread refuses.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 8 },
    });
    const thread: Thread = { worker, busy: false, left: 0 };
    this.#threads.push(thread);
    worker.on("message", (report: TreeReport) => {
      this.#telling = this.#telling
        .then(() => this.#receive(thread, report))
        .catch((error) => this.#settle!.reject(error));
    });
    worker.on("error", (error) => this.#settle!.reject(storeFailure(error as NodeJS.ErrnoException)));
    return new Promise((resolve) => worker.on("exit", resolve));
  }

  async #receive(thread: Thread, report: TreeReport): Promise<void> {
    if (report.failed) throw storeFailure(report.failed);
    await this.#tell(report);
    thread.busy = false;
    thread.left = report.left;
    for (const unit of report.units) this.#waiting.push(unit);
    this.#deal();
  }

  async #tell(report: TreeReport): Promise<void> {
    addCounts(this.#counts, report.counts);
    for (const problem of report.problems) this.#options.onProblem?.(problem);
    if (report.changes.length > 0) await this.#options.onChanges?.(report.changes);
    await this.#options.onProgress?.(this.#counts);
  }

  #deal(): void {
    const stopped = this.#options.signal?.aborted === true;
    const free = this.#threads.filter(({ busy }) => !busy);
    const idle = free.filter(({ left }) => left === 0);
    let hungry = idle.length;
    if (!stopped)
      for (const thread of free) {
        const units: TreeUnit[] = [];
        if (thread.left === 0) {
          const share = Math.ceil(this.#waiting.length / Math.max(1, hungry--));
          units.push(...this.#waiting.splice(0, share));
          if (units.length === 0) continue;
        }
        thread.busy = true;
        const hunger = this.#threads.some((other) => !other.busy && other.left === 0 && other !== thread);
        thread.worker.postMessage({ units, share: hunger } satisfies TreeGrant);
      }
    if (!this.#threads.some(({ busy }) => busy)) this.#settle!.resolve();
  }

  async #end(ended: readonly Promise<unknown>[]): Promise<void> {
    for (const { worker } of this.#threads) worker.postMessage(null);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), GRACE);
    });
    const all = await Promise.race([Promise.all(ended), late]);
    clearTimeout(timer);
    if (all !== "late") return;
    for (const { worker } of this.#threads) {
      worker.unref();
      worker.terminate().catch(() => {});
    }
  }
}

const interrupted = () =>
  new ThymusError(
    "INTERRUPTED",
    "the walk through the files was stopped",
    "start it again: it goes on where it stopped",
  );

function storeFailure(error: { code?: string | undefined; message: string }): ThymusError {
  const disk = /full|ENOSPC/i.test(error.message);
  return new ThymusError(
    "STORE_FAILED",
    `a thread that walks trees ended: ${error.message}`,
    disk ? "free some space on the disk" : "start it again; it goes on where it stopped",
    { cause: error },
  );
}
