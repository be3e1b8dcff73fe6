import { Worker } from "node:worker_threads";
import { ThymusError } from "@thymus/contracts";
import type { Candidate } from "../sources/candidate.ts";
import type { ReadAnswer, ReadReply, ReadTask } from "./protocol.ts";

const BATCH_FILES = 256;
const BATCH_BYTES = 32 * 1024 * 1024;
/** Batches that one thread holds. */
const ROOM = 2;

export interface ReadFilesOptions {
  readonly mode: ReadTask["mode"];
  readonly workers: number;
  readonly maxFileBytes: number;
  readonly signal: AbortSignal | undefined;
  /** Where the bytes of files that are digested are remembered. */
  readonly filter?: { readonly memory: WebAssembly.Memory; readonly bits: number };
  /** Called for each batch, in no order. */
  onBatch(files: readonly Candidate[], answers: readonly ReadAnswer[]): void;
}

/**
 * Reads files in worker threads.
 * @throws ThymusError INTERRUPTED when the signal fires
 */
export async function readFiles(files: readonly Candidate[], options: ReadFilesOptions): Promise<void> {
  if (files.length === 0) return;
  const batches = batchesOf(files, options.mode);
  const workers = Array.from(
    { length: Math.min(options.workers, batches.length) },
    (_, instance) =>
      new Worker(new URL("./read-worker.ts", import.meta.url), {
        workerData: { maxFileBytes: options.maxFileBytes, filter: options.filter, instance },
        execArgv: [],
      }),
  );
  try {
    await new Promise<void>((resolve, reject) => {
      let next = 0;
      let done = 0;
      const give = (worker: Worker) => {
        if (next >= batches.length) return;
        worker.postMessage({ number: next, mode: options.mode, files: batches[next]! } satisfies ReadTask);
        next++;
      };
      const stop = () =>
        reject(new ThymusError("INTERRUPTED", "learning self was stopped", "start it again: it goes on"));
      if (options.signal?.aborted) stop();
      options.signal?.addEventListener("abort", stop, { once: true });
      for (const worker of workers) {
        worker.on("error", reject);
        worker.on("exit", () => reject(new Error("a thread that read files ended")));
        worker.on("message", ({ number, answers }: ReadReply) => {
          try {
            options.onBatch(batches[number]!, answers);
          } catch (cause) {
            reject(cause);
          }
          give(worker);
          if (++done === batches.length) resolve();
        });
        for (let room = 0; room < ROOM; room++) give(worker);
      }
    });
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function batchesOf(files: readonly Candidate[], mode: ReadTask["mode"]): Candidate[][] {
  const batches: Candidate[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const file of files) {
    const last = batches.at(-1);
    if (!last || last.length >= BATCH_FILES || bytes >= BATCH_BYTES) {
      batches.push([file]);
      bytes = 0;
    } else last.push(file);
    if (mode === "digest") bytes += file.size;
  }
  return batches;
}
