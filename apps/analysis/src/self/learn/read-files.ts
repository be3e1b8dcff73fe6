import { Worker } from "node:worker_threads";
import { ThymusError } from "@thymus/contracts";
import type { FilterSpace } from "../absence/memory.ts";
import type { Candidate } from "../sources/candidate.ts";
import type { ReadAnswer, ReadReply, ReadTask } from "./protocol.ts";

const BATCH_FILES = 256;
const BATCH_BYTES = 32 * 1024 * 1024;
/** Batches that one thread holds. */
const ROOM = 2;
/** Number of the task that only asks for all to be remembered. */
const FLUSH = -1;

/** What is remembered of files that are digested: all their bytes, and of those with a label whose they are. */
export interface Spaces {
  readonly all: FilterSpace;
  readonly labels: FilterSpace;
}

export interface ReadFilesOptions {
  readonly mode: ReadTask["mode"];
  readonly workers: number;
  readonly signal: AbortSignal | undefined;
  readonly spaces?: Spaces;
  /** Called for each batch when its bytes are remembered, in no order. */
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
        workerData: { spaces: options.spaces, instance },
        execArgv: [],
      }),
  );
  try {
    await new Promise<void>((resolve, reject) => {
      let next = 0;
      let done = 0;
      const give = (worker: Worker): boolean => {
        if (next >= batches.length) return false;
        worker.postMessage({ number: next, mode: options.mode, files: batches[next]! } satisfies ReadTask);
        next++;
        return true;
      };
      const stop = () =>
        reject(new ThymusError("INTERRUPTED", "learning self was stopped", "start it again: it goes on"));
      if (options.signal?.aborted) stop();
      options.signal?.addEventListener("abort", stop, { once: true });
      for (const worker of workers) {
        worker.on("error", reject);
        worker.on("exit", () => reject(new Error("a thread that read files ended")));
        /** Read, but not yet to be seen in the filter. */
        let waiting: ReadReply[] = [];
        let asked = 0;
        worker.on("message", (reply: ReadReply) => {
          if (reply.number !== FLUSH) waiting.push(reply);
          asked--;
          if (give(worker)) asked++;
          else if (asked === 0 && !reply.flushed) {
            worker.postMessage({ number: FLUSH, mode: options.mode, files: [] } satisfies ReadTask);
            asked++;
          }
          if (!reply.flushed) return;
          try {
            for (const { number, answers } of waiting) options.onBatch(batches[number]!, answers);
          } catch (cause) {
            reject(cause);
          }
          done += waiting.length;
          waiting = [];
          if (done === batches.length) resolve();
        });
        for (let room = 0; room < ROOM; room++) if (give(worker)) asked++;
      }
    });
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** The largest first, so that the threads end together. */
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
  if (mode === "identify") return batches;
  const sizes = new Map(batches.map((batch) => [batch, batch.reduce((sum, { size }) => sum + size, 0)]));
  return batches.sort((a, b) => sizes.get(b)! - sizes.get(a)!);
}
