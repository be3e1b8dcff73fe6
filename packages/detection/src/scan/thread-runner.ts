import { Worker } from "node:worker_threads";
import { SharedProgress, type WorkerMessage, type WorkerSettings } from "./protocol.ts";
import type { StartRunner } from "./runner.ts";

/** A thread of this process that opens files itself. */
export function threads(settings: Omit<WorkerSettings, "progress">): StartRunner {
  return (listener) => {
    const progress = new SharedProgress();
    progress.reset(0);
    const thread = new Worker(new URL("./worker.ts", import.meta.url), {
      workerData: { ...settings, progress: progress.buffer } satisfies WorkerSettings,
      // Not the options of this process: they may be such as a thread refuses.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 1024 },
    });
    thread.on("message", (message: WorkerMessage) => listener.onMessage(message));
    // What a thread told before its death arrives before its exit: only then is it known which file it was at.
    let cause: unknown = new Error("the scanning thread ended");
    thread.on("error", (error) => {
      cause = error;
    });
    thread.on("exit", () => listener.onExit(cause));
    return {
      give: (batch) => thread.postMessage(batch),
      whereabouts: () => progress,
      blame() {},
      async end() {
        // A thread inside a native scan ends only after the engine's own limit: do not wait for it.
        const ended = thread.terminate();
        await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 1000).unref())]);
      },
    };
  };
}
