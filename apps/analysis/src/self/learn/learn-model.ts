import { Worker } from "node:worker_threads";
import { type CorpusFile, ThymusError } from "@thymus/contracts";
import type { OthersReply, TrainTask } from "./protocol.ts";
import { planSample } from "./sample-plan.ts";

export interface LearnOptions {
  readonly workers: number;
  readonly signal: AbortSignal | undefined;
  /** Memory that nobody needs any more: it is used again instead of as much in addition. */
  readonly memory: WebAssembly.Memory;
}

/**
 * Learns the model of these files, in two threads where there may be more than one.
 * @returns the encoded model and the number of bytes that it was learned from
 * @throws ThymusError INTERRUPTED when the signal fires
 */
export async function learnModel(
  files: readonly CorpusFile[],
  maxBytes: number,
  { workers, signal, memory }: LearnOptions,
): Promise<{ encoded: Uint8Array; bytes: number }> {
  const pieces = planSample(files, maxBytes);
  const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
  const threads: Worker[] = [];
  const start = (part: TrainTask["part"]) => {
    const workerData: TrainTask = { part, pieces, bytes, memory: part === "rest" ? undefined : memory };
    const thread = new Worker(new URL("./train-worker.ts", import.meta.url), { workerData, execArgv: [] });
    threads.push(thread);
    return thread;
  };
  let stop: (() => void) | undefined;
  try {
    const encoded = await new Promise<Uint8Array>((resolve, reject) => {
      stop = () =>
        reject(new ThymusError("INTERRUPTED", "learning self was stopped", "start it again: it goes on"));
      if (signal?.aborted) stop();
      signal?.addEventListener("abort", stop, { once: true });
      const watch = (thread: Worker, isDone: () => boolean) => {
        thread.once("error", reject);
        thread.once("exit", () => isDone() || reject(new Error("a thread that learned the model ended")));
      };
      const last = start(workers > 1 ? "rest" : "whole");
      last.once("message", resolve);
      watch(last, () => false);
      if (workers <= 1) return;
      const first = start("others");
      let counted = false;
      first.once("message", (others: OthersReply) => {
        counted = true;
        const large = [others.three, others.fingerprints, others.counts];
        last.postMessage(
          others,
          large.map(({ buffer }) => buffer as ArrayBuffer),
        );
      });
      watch(first, () => counted);
    });
    return { encoded, bytes };
  } finally {
    if (stop) signal?.removeEventListener("abort", stop);
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}
