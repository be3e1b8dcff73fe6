import type { FileType, Sha256, ThymusError } from "@thymus/contracts";
import type { RuleBundle } from "../bundle/bundle.ts";
import { compileCached } from "../engine/cache.ts";
import { DEFAULT_SCAN_TIMEOUT_MS } from "../engine/engine.ts";
import { loadEngine } from "../engine/load.ts";
import type { FoundMatch, ScanTarget, SkipReason, WorkerSettings } from "./protocol.ts";
import { ScanWorker } from "./scan-worker.ts";

export const DEFAULT_MAX_FILE_BYTES = 256 * 1024 * 1024;

export interface ScanPoolOptions {
  readonly bundle: RuleBundle;
  /** Threads; 2 unless told. */
  readonly workers?: number;
  readonly engine?: "native" | "wasm";
  readonly maxFileBytes?: number;
  /** Time of one file in milliseconds after which it counts as an error; 30 s unless told. */
  readonly timeoutMs?: number;
  /** Folder of compiled rules. */
  readonly cacheDir?: string;
}

/** A file in which something was found. */
export interface ScanHit {
  readonly target: ScanTarget;
  readonly sha256: Sha256;
  readonly size: number;
  readonly type: FileType;
  readonly matches: readonly FoundMatch[];
}

export interface ScanListener {
  onHit(hit: ScanHit): void;
  onError(target: ScanTarget, error: ThymusError): void;
  onSkip(target: ScanTarget, why: SkipReason): void;
}

/**
 * Worker threads that scan batches of files. One file cannot stop them: a thread that works on a file for too long, or
 * dies of it, is replaced, the file is an error, and the rest of its batch goes on.
 */
export class ScanPool {
  files = 0;
  bytes = 0;
  readonly #workers: ScanWorker[];
  #failure: ThymusError | null = null;
  #wake: () => void = () => {};

  private constructor(settings: Omit<WorkerSettings, "progress">, workers: number, listener: ScanListener) {
    this.#workers = Array.from(
      { length: workers },
      () =>
        new ScanWorker(settings, {
          ...listener,
          onCount: (files, bytes) => {
            this.files += files;
            this.bytes += bytes;
          },
          onFree: () => this.#wake(),
          onFatal: (error) => {
            this.#failure ??= error;
            this.#wake();
          },
        }),
    );
  }

  /** @throws ThymusError RULE_INVALID, TOOL_MISSING */
  static async open(options: ScanPoolOptions, listener: ScanListener): Promise<ScanPool> {
    const engine = await loadEngine(options.engine);
    const timeoutMs = options.timeoutMs ?? DEFAULT_SCAN_TIMEOUT_MS;
    const compiled = compileCached(engine, options.bundle.rules, options.cacheDir, { timeoutMs });
    const settings = {
      bundle: options.bundle,
      engine: engine.name,
      compiled: compiled.serialize(),
      maxFileBytes: options.maxFileBytes ?? DEFAULT_MAX_FILE_BYTES,
      timeoutMs,
    };
    compiled.close();
    return new ScanPool(settings, Math.max(1, options.workers ?? 2), listener);
  }

  /** Hands a batch to a thread; waits while all have enough to do. */
  async submit(batch: readonly ScanTarget[]): Promise<void> {
    for (;;) {
      this.#throwFailure();
      const free = this.#workers.filter((worker) => worker.hasRoom).sort((a, b) => a.pending - b.pending)[0];
      if (free) return free.give(batch);
      await this.#next();
    }
  }

  /** Waits until every batch is done. */
  async drain(): Promise<void> {
    while (this.#workers.some((worker) => worker.pending > 0)) {
      this.#throwFailure();
      await this.#next();
    }
    this.#throwFailure();
  }

  /** Ends the threads at once, whatever they do. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }

  /** Lets a waiting submit or drain end with an error. */
  abort(error: ThymusError): void {
    this.#failure ??= error;
    this.#wake();
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure;
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
