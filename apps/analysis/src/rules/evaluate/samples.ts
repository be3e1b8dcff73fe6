/** Which samples the rules and strings find. Samples are read, never run. */
import { ThymusError } from "@thymus/contracts";
import { bundleSources, type RuleSource, ScanPool, walkFiles } from "@thymus/detection";

const MAX_SAMPLES = 10_000;
const BATCH = 64;

export interface SampleScan {
  readonly paths: readonly string[];
  readonly bytes: number;
  readonly hits: readonly { readonly namespace: string; readonly rule: string; readonly path: string }[];
}

/**
 * Scans files, and folders with all that is in them. Links and devices are passed over.
 * @throws ThymusError of the first file that cannot be scanned whole: what a better rule finds must be exact; EMPTY, TOO_MANY,
 *   INTERRUPTED
 */
export async function scanSamples(
  named: readonly string[],
  sources: readonly RuleSource[],
  signal: AbortSignal,
): Promise<SampleScan> {
  let failed: ThymusError | null = null;
  const fail = (_where: unknown, error: ThymusError) => {
    failed ??= error;
  };
  const paths = new Set<string>();
  for await (const path of walkFiles(named, { onError: fail, onSkip() {} })) {
    if (failed) throw failed;
    if (paths.size >= MAX_SAMPLES)
      throw new ThymusError("TOO_MANY", `more than ${MAX_SAMPLES} samples`, "name fewer");
    paths.add(path);
  }
  if (failed) throw failed;
  if (paths.size === 0) throw new ThymusError("EMPTY", "there is no sample", "name files or folders of them");
  const hits: { namespace: string; rule: string; path: string }[] = [];
  const pool = await ScanPool.open(
    { bundle: bundleSources(sources) },
    {
      onHit({ target, matches }) {
        for (const { namespace, rule } of matches) hits.push({ namespace, rule, path: target.path });
      },
      onError: fail,
      onSkip({ path }, why) {
        fail(
          path,
          new ThymusError("UNREADABLE", `${path}: ${why}`, "leave samples alone while they are read"),
        );
      },
    },
  );
  const stop = () => pool.abort(new ThymusError("INTERRUPTED", "the scan was stopped", "start it again"));
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    const all = [...paths];
    for (let at = 0; at < all.length && !failed; at += BATCH)
      await pool.submit(all.slice(at, at + BATCH).map((path) => ({ path })));
    await pool.drain();
  } finally {
    signal.removeEventListener("abort", stop);
    await pool.close();
  }
  if (failed) throw failed;
  return { paths: [...paths].sort(), bytes: pool.bytes, hits };
}
