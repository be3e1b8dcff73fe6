import { availableParallelism } from "node:os";
import type { FileType, Sha256, ThymusError } from "@thymus/contracts";
import type { OpenLimits } from "../archives/budget.ts";
import { type BundleRule, partsOf, type RuleBundle } from "../bundle/bundle.ts";
import { MAX_FILES } from "../confined/channel.ts";
import type { Layer } from "../confined/layers.ts";
import { canConfine } from "../confined/start.ts";
import { compiledForm } from "../engine/cache.ts";
import { DEFAULT_SCAN_TIMEOUT_MS } from "../engine/engine.ts";
import { loadEngine } from "../engine/load.ts";
import type { ScanMemory } from "./memory.ts";
import { Owners } from "./owners.ts";
import { processes } from "./process-runner.ts";
import type { FoundMatch, ScanTarget, SkipReason } from "./protocol.ts";
import type { StartRunner } from "./runner.ts";
import { ScanWorker } from "./scan-worker.ts";
import { threads } from "./thread-runner.ts";

/** How long after its limit a worker of the native engine is given up, which holds the limit itself. */
const GRACE_MS = 5_000;
export const DEFAULT_MAX_FILE_BYTES = 256 * 1024 * 1024;

export interface ScanPoolOptions {
  readonly bundle: RuleBundle;
  /** Workers; unless told one for each processor that this process may use, at most two. */
  readonly workers?: number;
  readonly engine?: "native" | "wasm";
  readonly maxFileBytes?: number;
  /** Time of one file in milliseconds after which it counts as an error; 30 s unless told. */
  readonly timeoutMs?: number;
  /** Folder of compiled rules. */
  readonly cacheDir?: string;
  /** Rules are compiled by the worker, behind closed doors: nothing is kept of it, and it holds up nothing here. Processes only. */
  readonly compileInside?: boolean;
  /** What opening archives may cost; without it they are not opened, npm tarballs excepted. */
  readonly archives?: OpenLimits | null;
  /** Whether workers wait behind everything else on the machine. */
  readonly idle?: boolean;
  /** What earlier scans with the same rules and archives know. */
  readonly memory?: ScanMemory | null;
  /** `threads`: in this process, where hostile bytes then are read with its rights. Unless told only where there is no other way. */
  readonly workersAre?: "processes" | "threads";
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
  /** A worker is ready: what holds it; empty for a thread. */
  onLayers?(layers: readonly Layer[]): void;
}

/**
 * Workers that scan batches of files. One file cannot stop them: a worker that is at a file for too long, or dies of it, is replaced, the file is an error, and the rest of its batch goes on.
 */
export class ScanPool {
  files = 0;
  bytes = 0;
  /** Files among `files` that were not read: they are as they were when these rules found nothing in them. */
  unchanged = 0;
  readonly #workers: ScanWorker[];
  #failure: ThymusError | null = null;
  readonly #failing = Promise.withResolvers<never>();
  /** Rejects once no worker can be had any more, or after {@link abort}; never resolves. */
  readonly failed: Promise<never> = this.#failing.promise;
  #wake: () => void = () => {};

  private constructor(start: StartRunner, timeoutMs: number, workers: number, listener: ScanListener) {
    // Whoever waits for work hears of it there.
    this.failed.catch(() => {});
    this.#workers = Array.from(
      { length: workers },
      () =>
        new ScanWorker(start, timeoutMs, {
          onHit: (hit) => listener.onHit(hit),
          onError: (target, error) => listener.onError(target, error),
          onSkip: (target, why) => listener.onSkip(target, why),
          onReady: (layers) => {
            listener.onLayers?.(layers);
          },
          onCount: (files, bytes, unchanged) => {
            this.files += files;
            this.bytes += bytes;
            this.unchanged += unchanged;
          },
          onFree: () => this.#wake(),
          onFatal: (error) => this.abort(error),
        }),
    );
  }

  /** @throws ThymusError RULE_INVALID, TOOL_MISSING */
  static async open(options: ScanPoolOptions, listener: ScanListener): Promise<ScanPool> {
    const engine = await loadEngine(options.engine);
    const timeoutMs = options.timeoutMs ?? DEFAULT_SCAN_TIMEOUT_MS;
    const { own, foreign } = partsOf(options.bundle);
    const isConfined =
      options.workersAre === "processes" || (options.workersAre === undefined && canConfine());
    const compile = (rules: readonly BundleRule[], isForeign: boolean) =>
      options.compileInside && isConfined
        ? null
        : compiledForm(engine, rules, options.cacheDir, { timeoutMs, foreign: isForeign });
    const settings = {
      bundle: options.bundle,
      engine: engine.name,
      compiled: compile(own.rules, false),
      foreign: foreign.length === 0 ? null : compile(foreign, true),
      maxFileBytes: options.maxFileBytes ?? DEFAULT_MAX_FILE_BYTES,
      timeoutMs,
      archives: options.archives ?? null,
    };
    const memory = options.memory ?? null;
    const owners = foreign.length === 0 ? null : new Owners();
    const start = isConfined
      ? processes({ ...settings, idle: options.idle ?? false, memory, owners })
      : threads(settings);
    const grace = engine.name === "native" ? GRACE_MS : 0;
    const workers = options.workers ?? Math.min(2, availableParallelism());
    const opening = 1000 * (settings.archives?.seconds ?? 0);
    return new ScanPool(start, timeoutMs + opening + grace, Math.max(1, workers), listener);
  }

  /** Hands files to the workers, in parts that fit into one message; waits while all have enough to do. */
  async submit(batch: readonly ScanTarget[]): Promise<void> {
    for (let at = 0; at < batch.length; at += MAX_FILES) await this.#give(batch.slice(at, at + MAX_FILES));
  }

  async #give(batch: readonly ScanTarget[]): Promise<void> {
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

  /** Ends the workers at once, whatever they do. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }

  /** Lets a waiting submit or drain end with an error. */
  abort(error: ThymusError): void {
    this.#failure ??= error;
    this.#failing.reject(this.#failure);
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
