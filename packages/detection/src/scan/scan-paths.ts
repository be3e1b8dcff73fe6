import { resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import type { Finding, ScanSummary } from "@thymus/contracts";
import { ThymusError } from "@thymus/contracts/errors";
import { BundleScope, bundleSources, type RuleBundle } from "../bundle/bundle.ts";
import type { Layer } from "../confined/layers.ts";
import type { RuleSource } from "../engine/engine.ts";
import { ScanMemory } from "./memory.ts";
import { type ScanHit, ScanPool, type ScanPoolOptions } from "./pool.ts";
import type { ScanTarget, SkipReason } from "./protocol.ts";
import { walkFiles } from "./walk.ts";

const BATCH_FILES = 64;
const PROGRESS_MS = 500;

export interface ScanPathsOptions extends Omit<ScanPoolOptions, "bundle" | "memory"> {
  readonly paths: readonly string[];
  /** Either a bundle or plain rule sources. */
  readonly bundle?: RuleBundle;
  readonly sources?: readonly RuleSource[];
  readonly signal?: AbortSignal;
  /** Folders below the paths that are not entered, nor touched. */
  readonly skip?: (folder: string) => boolean;
  /**
   * Folder in which scans remember what they found clean: a file that is as it was is not read again. With `resume` a scan of the same
   * paths that was interrupted goes on, also where the file system's times say nothing.
   */
  readonly remember?: { readonly folder: string; readonly resume: boolean };
  /** Asked before each batch: false where the machine is needed for something else. Batches wait until it is true. */
  readonly mayWork?: () => Promise<boolean>;
  onFinding(finding: Finding): void;
  /** A path that was not scanned, and why; the scan goes on. */
  onError(path: string, error: ThymusError): void;
  /** Links, FIFOs, devices, sockets, kernel file systems, and files that vanished meanwhile. */
  onSkip?(path: string, why: SkipReason): void;
  onProgress?(progress: { files: number; bytes: number; unchanged: number }): void;
  /** What holds the workers that read the files ({@link Layer}); told whenever one is ready, empty for threads. */
  onLayers?(layers: readonly Layer[]): void;
}

/**
 * Scans files and folders. `files` and `bytes` of the summary count what was scanned, `infected` the files with at
 * least one finding, `errors` the calls of `onError`.
 * @throws ThymusError RULE_INVALID, TOOL_MISSING, or INTERRUPTED when the signal fires
 */
export async function scanPaths(options: ScanPathsOptions): Promise<ScanSummary> {
  const began = performance.now();
  const bundle = options.bundle ?? bundleSources(options.sources ?? []);
  const scope = new BundleScope(bundle);
  let infected = 0;
  let errors = 0;
  let isDone = false;
  const onError = (path: string, error: ThymusError) => {
    errors++;
    options.onError(path, error);
  };
  const onSkip = (path: string, why: SkipReason) => options.onSkip?.(path, why);
  const memory = memoryOf(options, bundle);
  const pool = await ScanPool.open(
    { ...options, bundle, memory },
    {
      onHit(hit) {
        infected++;
        for (const finding of findingsOf(hit, scope)) options.onFinding(finding);
      },
      onError: ({ path }, error) => onError(path, error),
      onSkip: ({ path }, why) => onSkip(path, why),
      onLayers: (layers) => options.onLayers?.(layers),
    },
  );
  const stop = () => pool.abort(new ThymusError("INTERRUPTED", "the scan was stopped", "start it again"));
  const tick = setInterval(() => {
    const { files, bytes, unchanged } = pool;
    options.onProgress?.({ files, bytes, unchanged });
  }, PROGRESS_MS);
  options.signal?.addEventListener("abort", stop, { once: true });
  if (options.signal?.aborted) stop();
  try {
    for await (const batch of batches(walkFiles(options.paths, { onError, onSkip, skip: options.skip }))) {
      await leave(options);
      await pool.submit(batch);
    }
    await pool.drain();
    isDone = true;
    const { files, bytes, unchanged } = pool;
    const seconds = (performance.now() - began) / 1000;
    return { files, bytes, infected, errors, seconds, ...(unchanged > 0 && { unchanged }) };
  } finally {
    memory?.close(isDone);
    clearInterval(tick);
    options.signal?.removeEventListener("abort", stop);
    await pool.close();
  }
}

/** How often work that may not go on asks again. */
const ASK_MS = 2000;

/** Waits until the machine has room. */
async function leave({ mayWork, signal }: ScanPathsOptions): Promise<void> {
  while (mayWork && !signal?.aborted && !(await mayWork()))
    await setTimeout(ASK_MS, undefined, { signal }).catch(() => {});
}

function memoryOf({ remember, paths, archives }: ScanPathsOptions, bundle: RuleBundle): ScanMemory | null {
  if (!remember) return null;
  const what = JSON.stringify(paths.map((path) => resolve(path)));
  const rules = `${bundle.digest}\0${JSON.stringify(archives ?? null)}`;
  return ScanMemory.open({ folder: remember.folder, rules, session: { what, resume: remember.resume } });
}

async function* batches(paths: AsyncIterable<string>): AsyncGenerator<ScanTarget[]> {
  let batch: ScanTarget[] = [];
  for await (const path of paths) {
    batch.push({ path });
    if (batch.length < BATCH_FILES) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function* findingsOf({ target, sha256, type, matches }: ScanHit, scope: BundleScope): Generator<Finding> {
  for (const match of matches) {
    // What is in a member was judged by the member's type where it was found.
    const rule = match.member === undefined ? scope.ruleOf(match, type) : scope.sourceOf(match);
    if (!rule) continue;
    yield {
      path: target.path,
      sha256,
      prescription: rule.prescription,
      family: rule.family,
      rule: match.rule,
      matches: match.matches,
      ...(match.member === undefined ? {} : { member: match.member }),
      ...(rule.foreign && { ruleFile: rule.namespace }),
    };
  }
}
