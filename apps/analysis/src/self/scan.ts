import { join } from "node:path";
import { type CorpusFile, type FileType, ThymusError } from "@thymus/contracts";
import { bundleSources, type RuleSource, ScanPool, type ScanTarget } from "@thymus/detection";

const BATCH_FILES = 256;
const BATCH_BYTES = 32 * 1024 * 1024;

export interface CorpusScanOptions {
  /** Only files of these types; all unless told. */
  readonly scope?: readonly FileType[];
  readonly workers?: number;
  readonly engine?: "native" | "wasm";
  /** Limit in milliseconds for one file. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface CorpusHit {
  readonly namespace: string;
  readonly rule: string;
  /** Path as in the corpus, without the root prefix. */
  readonly path: string;
}

export interface CorpusScanResult {
  /** Files and bytes that were scanned. */
  readonly files: number;
  readonly bytes: number;
  readonly hits: CorpusHit[];
  /** Files that could not be scanned because they are gone or changed since the corpus was built. */
  readonly gone: number;
  readonly changed: number;
  readonly unreadable: number;
}

/**
 * Scans every file of self. Exact: a file either was scanned whole, or is counted under what hindered it.
 * @throws ThymusError RULE_INVALID; TOOL_FAILED where a rule cannot be applied to a file (in time): such a rule is not
 *   known to be harmless; INTERRUPTED
 */
export async function scanCorpus(
  files: readonly CorpusFile[],
  rootPrefix: string,
  sources: readonly RuleSource[],
  options: CorpusScanOptions,
): Promise<CorpusScanResult> {
  const skipped = { gone: 0, changed: 0, special: 0 };
  const hits: CorpusHit[] = [];
  let unreadable = 0;
  let failed: ThymusError | null = null;
  const original = (path: string) => path.slice(rootPrefix.length);
  const wanted = options.scope ? files.filter(({ type }) => options.scope!.includes(type)) : files;
  const pool = await ScanPool.open(
    {
      bundle: bundleSources(sources),
      workers: options.workers ?? 2,
      maxFileBytes: wanted.reduce((most, { size }) => Math.max(most, size), 0),
      ...(options.engine ? { engine: options.engine } : {}),
      ...(options.timeoutMs ? { timeoutMs: options.timeoutMs } : {}),
    },
    {
      onHit({ target, matches }) {
        for (const { namespace, rule } of matches)
          hits.push({ namespace, rule, path: original(target.path) });
      },
      onError(_target, error) {
        if (error.code === "TOOL_FAILED") {
          failed ??= error;
          pool.abort(error);
        } else unreadable++;
      },
      onSkip(_target, why) {
        skipped[why]++;
      },
    },
  );
  const stop = () =>
    pool.abort(new ThymusError("INTERRUPTED", "the scan of self was stopped", "start it again"));
  options.signal?.addEventListener("abort", stop, { once: true });
  if (options.signal?.aborted) stop();
  try {
    for (const batch of batches(wanted, rootPrefix)) await pool.submit(batch);
    await pool.drain();
  } finally {
    options.signal?.removeEventListener("abort", stop);
    await pool.close();
  }
  if (failed) throw failed;
  hits.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const { gone, changed, special } = skipped;
  return { files: pool.files, bytes: pool.bytes, hits, gone, changed: changed + special, unreadable };
}

function* batches(files: readonly CorpusFile[], rootPrefix: string): Generator<ScanTarget[]> {
  let batch: ScanTarget[] = [];
  let bytes = 0;
  for (const { path, size, mtimeMs, type } of files) {
    batch.push({ path: rootPrefix === "" ? path : join(rootPrefix, path), expect: { size, mtimeMs }, type });
    bytes += size;
    if (batch.length < BATCH_FILES && bytes < BATCH_BYTES) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}
