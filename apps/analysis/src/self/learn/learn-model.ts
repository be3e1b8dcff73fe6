import { Worker } from "node:worker_threads";
import { type CorpusFile, ThymusError } from "@thymus/contracts";
import { planSample } from "./sample-plan.ts";

/**
 * Learns the model of these files in a thread of its own.
 * @returns the encoded model and the number of bytes that it was learned from
 * @throws ThymusError INTERRUPTED when the signal fires
 */
export async function learnModel(
  files: readonly CorpusFile[],
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<{ encoded: Uint8Array; bytes: number }> {
  const pieces = planSample(files, maxBytes);
  const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
  const worker = new Worker(new URL("./train-worker.ts", import.meta.url), {
    workerData: { pieces, bytes },
    execArgv: [],
  });
  try {
    const encoded = await new Promise<Uint8Array>((resolve, reject) => {
      const stop = () =>
        reject(new ThymusError("INTERRUPTED", "learning self was stopped", "start it again: it goes on"));
      if (signal?.aborted) stop();
      signal?.addEventListener("abort", stop, { once: true });
      worker.once("message", resolve);
      worker.once("error", reject);
      worker.once("exit", () => reject(new Error("the thread that learned the model ended")));
    });
    return { encoded, bytes };
  } finally {
    await worker.terminate();
  }
}
