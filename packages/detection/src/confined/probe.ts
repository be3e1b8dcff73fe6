import { bundleOf } from "../bundle/bundle.ts";
import { loadEngine } from "../engine/load.ts";
import type { Layer } from "./layers.ts";
import { canConfine, startConfined, type WorkerEnd } from "./start.ts";

/** Starts one confined process and ends it. @returns what held it @throws Error where none takes files on this machine */
export async function probeConfinement(): Promise<readonly Layer[]> {
  if (!canConfine()) throw new Error("confined processes need Linux on x64 or arm64, and koffi");
  const { name } = await loadEngine();
  const job = { bundle: bundleOf([]), engine: name, compiled: null, foreign: null };
  let worker: WorkerEnd | null = null;
  try {
    return await new Promise<readonly Layer[]>((resolve, reject) => {
      worker = startConfined(
        { job: { ...job, timeoutMs: 1000, archives: null }, idle: false },
        {
          onMessage: (message) => message.kind === "ready" && resolve(message.layers),
          onExit: reject,
        },
      );
    });
  } finally {
    await (worker as WorkerEnd | null)?.end();
  }
}
