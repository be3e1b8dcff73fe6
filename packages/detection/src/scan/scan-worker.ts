import { Worker } from "node:worker_threads";
import { asThymusError, ThymusError } from "@thymus/contracts";
import type { ScanHit, ScanListener } from "./pool.ts";
import {
  type ScanTarget,
  SharedProgress,
  type WorkerBatch,
  type WorkerMessage,
  type WorkerSettings,
} from "./protocol.ts";

/** Batches that one thread holds: the one in work and the next. */
const ROOM = 2;
/** How long after its limit a thread of the native engine is given up, which holds the limit itself. */
const GRACE_MS = 5_000;
/** How often threads are looked at. */
const WATCH_MS = 500;
/** A thread that dies without a file in work is not replaced for ever. */
const MAX_IDLE_DEATHS = 2;

export interface ScanWorkerListener extends ScanListener {
  onCount(files: number, bytes: number): void;
  onFree(): void;
  onFatal(error: ThymusError): void;
}

/** One thread of the pool and its replacements: watches over the file in work. */
export class ScanWorker {
  readonly #settings: Omit<WorkerSettings, "progress">;
  readonly #listener: ScanListener & ScanWorkerListener;
  readonly #watch: NodeJS.Timeout;
  #batches: WorkerBatch[] = [];
  #given = 0;
  #progress = new SharedProgress();
  #thread: Worker;
  #idleDeaths = 0;
  #closed = false;

  constructor(settings: Omit<WorkerSettings, "progress">, listener: ScanWorkerListener) {
    this.#settings = settings;
    this.#listener = listener;
    this.#thread = this.#start();
    this.#watch = setInterval(() => this.#check(), WATCH_MS);
    this.#watch.unref();
  }

  get pending(): number {
    return this.#batches.length;
  }
  get hasRoom(): boolean {
    return this.#batches.length < ROOM;
  }

  give(targets: readonly ScanTarget[]): void {
    if (targets.length === 0) return;
    const batch = { number: ++this.#given, targets };
    this.#batches.push(batch);
    this.#thread.postMessage(batch);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#watch);
    // A thread inside a native scan ends only after the engine's own limit: do not wait for it.
    const ended = this.#thread.terminate();
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 1000).unref())]);
  }

  #start(): Worker {
    this.#progress = new SharedProgress();
    this.#progress.reset(0);
    const thread = new Worker(new URL("./worker.ts", import.meta.url), {
      workerData: { ...this.#settings, progress: this.#progress.buffer } satisfies WorkerSettings,
      // Not the options of this process: they may be such as a thread refuses.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 1024 },
    });
    thread.on("message", (message: WorkerMessage) => {
      if (thread === this.#thread && !this.#closed) this.#receive(message);
    });
    // What a thread told before its death arrives before its exit: only then is it known which file it was at.
    let cause: unknown = new Error("the scanning thread ended");
    thread.on("error", (error) => {
      cause = error;
    });
    thread.on("exit", () => this.#died(thread, cause));
    return thread;
  }

  #receive(message: WorkerMessage): void {
    if (message.kind === "ready") return;
    const batch = this.#batches[0]!.targets;
    if (message.kind === "done") {
      this.#listener.onCount(message.files, message.bytes);
      this.#batches.shift();
      this.#listener.onFree();
      return;
    }
    const target = batch[message.index]!;
    if (message.kind === "hit") {
      const { sha256, size, type, matches } = message;
      this.#listener.onHit({ target, sha256, size, type, matches } satisfies ScanHit);
    } else if (message.kind === "error") {
      this.#listener.onError(target, new ThymusError(message.code, message.message, message.hint));
    } else {
      this.#listener.onSkip(target, message.why);
    }
  }

  #check(): void {
    const { batch, index, since } = this.#progress;
    // Another number: what the thread told meanwhile has not been read yet.
    if (index < 0 || batch !== this.#batches[0]?.number) return;
    const elapsed = Date.now() - since;
    const grace = this.#settings.engine === "native" ? GRACE_MS : 0;
    if (elapsed <= this.#settings.timeoutMs + grace) return;
    this.#replace(new Error(`scanning took more than ${Math.round(elapsed / 1000)} seconds`));
  }

  #died(thread: Worker, cause: unknown): void {
    if (thread !== this.#thread || this.#closed) return;
    if (this.#progress.index < 0 && ++this.#idleDeaths > MAX_IDLE_DEATHS) {
      this.#closed = true;
      clearInterval(this.#watch);
      this.#listener.onFatal(asThymusError(cause));
      return;
    }
    this.#replace(cause);
  }

  /** A new thread goes on behind the file that the old one was at. */
  #replace(cause: unknown): void {
    const { batch, index, files, bytes } = this.#progress;
    const open = this.#batches.map(({ number, targets }) => {
      if (number !== batch || index < 0) return targets;
      this.#listener.onCount(files, bytes);
      this.#listener.onError(targets[index]!, gaveUp(targets[index]!.path, cause));
      return targets.slice(index + 1);
    });
    const old = this.#thread;
    this.#batches = [];
    this.#thread = this.#start();
    void old.terminate();
    for (const targets of open) this.give(targets);
    this.#listener.onFree();
  }
}

function gaveUp(path: string, cause: unknown): ThymusError {
  return new ThymusError(
    "TOOL_FAILED",
    `${path}: ${asThymusError(cause).message}`,
    "the file or the rules may be made to stop scanners: look at them by hand",
    { cause },
  );
}
