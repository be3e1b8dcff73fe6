import { asThymusError, ThymusError } from "@thymus/contracts/errors";
import type { Layer } from "../confined/layers.ts";
import type { ScanHit, ScanListener } from "./pool.ts";
import type { ScanTarget, WorkerBatch, WorkerMessage } from "./protocol.ts";
import type { Runner, StartRunner } from "./runner.ts";

/** Batches that one worker holds: the one in work and the next. */
const ROOM = 2;
/** How often workers are looked at. */
const WATCH_MS = 500;
/** A worker that dies without a file in work is not replaced for ever. */
const MAX_IDLE_DEATHS = 2;

export interface ScanWorkerListener extends ScanListener {
  onCount(files: number, bytes: number, unchanged: number): void;
  onReady(layers: readonly Layer[]): void;
  onFree(): void;
  onFatal(error: ThymusError): void;
}

/** One worker of the pool and its replacements: watches over the file in work. */
export class ScanWorker {
  readonly #start: StartRunner;
  readonly #timeoutMs: number;
  readonly #listener: ScanWorkerListener;
  readonly #watch: NodeJS.Timeout;
  #batches: WorkerBatch[] = [];
  #given = 0;
  #runner: Runner;
  #idleDeaths = 0;
  #closed = false;
  /** What was in work when it was last looked, and since when by this process's own clock. */
  #seen = { what: "", since: 0 };

  /** @param timeoutMs after which a file's worker is given up, the engine's own limit and its grace included */
  constructor(start: StartRunner, timeoutMs: number, listener: ScanWorkerListener) {
    this.#start = start;
    this.#timeoutMs = timeoutMs;
    this.#listener = listener;
    this.#runner = this.#begin();
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
    this.#runner.give(batch);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#watch);
    await this.#runner.end();
  }

  #begin(): Runner {
    const runner: Runner = this.#start({
      onMessage: (message) => {
        if (runner === this.#runner && !this.#closed) this.#receive(message);
      },
      onExit: (cause) => this.#died(runner, cause),
    });
    return runner;
  }

  #receive(message: WorkerMessage): void {
    if (message.kind === "ready") {
      this.#listener.onReady(message.layers);
      return;
    }
    const batch = this.#batches[0]!.targets;
    if (message.kind === "done") {
      this.#listener.onCount(message.files, message.bytes, message.unchanged ?? 0);
      this.#idleDeaths = 0;
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
    const { batch, index } = this.#runner.whereabouts();
    // Another number: what the worker told meanwhile has not been read yet.
    if (index < 0 || batch !== this.#batches[0]?.number) return;
    const what = `${batch}:${index}`;
    if (what !== this.#seen.what) this.#seen = { what, since: performance.now() };
    const elapsed = performance.now() - this.#seen.since;
    if (elapsed > this.#timeoutMs)
      this.#replace(new Error(`scanning took more than ${Math.round(elapsed / 1000)} seconds`));
  }

  #died(runner: Runner, cause: unknown): void {
    if (runner !== this.#runner || this.#closed) return;
    if (runner.whereabouts().index < 0 && ++this.#idleDeaths > MAX_IDLE_DEATHS) {
      this.#closed = true;
      clearInterval(this.#watch);
      this.#listener.onFatal(asThymusError(cause));
      return;
    }
    this.#replace(cause);
  }

  /** A new worker goes on behind the file that the old one was at. */
  #replace(cause: unknown): void {
    const { batch, index, files, bytes } = this.#runner.whereabouts();
    this.#runner.blame();
    const open = this.#batches.map(({ number, targets }) => {
      if (number !== batch || index < 0 || index >= targets.length) return targets;
      this.#listener.onCount(files, bytes, 0);
      this.#listener.onError(targets[index]!, gaveUp(targets[index]!.path, cause));
      return targets.slice(index + 1);
    });
    const old = this.#runner;
    this.#batches = [];
    this.#runner = this.#begin();
    void old.end();
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
