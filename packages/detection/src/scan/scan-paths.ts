import { performance } from "node:perf_hooks";
import type { Finding, ScanSummary } from "@thymus/contracts";
import { ThymusError } from "@thymus/contracts/errors";
import { BundleScope, bundleSources, type RuleBundle } from "../bundle/bundle.ts";
import type { RuleSource } from "../engine/engine.ts";
import { type ScanHit, ScanPool, type ScanPoolOptions } from "./pool.ts";
import type { ScanTarget, SkipReason } from "./protocol.ts";
import { walkFiles } from "./walk.ts";

const BATCH_FILES = 64;
const PROGRESS_MS = 500;

export interface ScanPathsOptions extends Omit<ScanPoolOptions, "bundle"> {
  readonly paths: readonly string[];
  /** Either a bundle or plain rule sources. */
  readonly bundle?: RuleBundle;
  readonly sources?: readonly RuleSource[];
  readonly signal?: AbortSignal;
  onFinding(finding: Finding): void;
  /** A path that was not scanned, and why; the scan goes on. */
  onError(path: string, error: ThymusError): void;
  /** Links, FIFOs, devices, sockets, kernel file systems, and files that vanished meanwhile. */
  onSkip?(path: string, why: SkipReason): void;
  onProgress?(progress: { files: number; bytes: number }): void;
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
  const onError = (path: string, error: ThymusError) => {
    errors++;
    options.onError(path, error);
  };
  const onSkip = (path: string, why: SkipReason) => options.onSkip?.(path, why);
  const pool = await ScanPool.open(
    { ...options, bundle },
    {
      onHit(hit) {
        infected++;
        for (const finding of findingsOf(hit, scope)) options.onFinding(finding);
      },
      onError: ({ path }, error) => onError(path, error),
      onSkip: ({ path }, why) => onSkip(path, why),
    },
  );
  const stop = () => pool.abort(new ThymusError("INTERRUPTED", "the scan was stopped", "start it again"));
  const tick = setInterval(() => options.onProgress?.({ files: pool.files, bytes: pool.bytes }), PROGRESS_MS);
  options.signal?.addEventListener("abort", stop, { once: true });
  if (options.signal?.aborted) stop();
  try {
    for await (const batch of batches(walkFiles(options.paths, { onError, onSkip })))
      await pool.submit(batch);
    await pool.drain();
    const { files, bytes } = pool;
    return { files, bytes, infected, errors, seconds: (performance.now() - began) / 1000 };
  } finally {
    clearInterval(tick);
    options.signal?.removeEventListener("abort", stop);
    await pool.close();
  }
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
    const rule = scope.ruleOf(match, match.member === undefined ? type : "npm");
    if (!rule) continue;
    yield {
      path: target.path,
      sha256,
      prescription: rule.prescription,
      family: rule.family,
      rule: match.rule,
      matches: match.matches,
      ...(match.member === undefined ? {} : { member: match.member }),
    };
  }
}
