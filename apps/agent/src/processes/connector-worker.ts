/**
 * Thread that waits for the kernel's messages about processes. It reads a program at the moment of its exec, before it can
 * be gone, and hands everything over in batches.
 */
import { parentPort, workerData } from "node:worker_threads";
import { type ProcessEvent, parseEvents } from "./connector-events.ts";
import { receive, waitFor } from "./netlink.ts";
import { type Image, readImage } from "./proc-files.ts";

export interface ConnectorBatch {
  readonly events: readonly (ProcessEvent & { readonly image?: Image })[];
  /** Times that the kernel dropped messages. */
  readonly lost: number;
}

/** Events of one batch: more are handed over in the next one. */
const BATCH = 4096;

const { fd, wake } = workerData as { fd: number; wake: number };
const buffer = Buffer.alloc(64 * 1024);

parentPort!.postMessage({ events: [], lost: 0 } satisfies ConnectorBatch);
while (!waitFor(fd, wake)) {
  const events: (ProcessEvent & { image?: Image })[] = [];
  let lost = 0;
  while (events.length < BATCH) {
    const length = receive(fd, buffer);
    if (length === 0) break;
    if (length < 0) {
      lost++;
      continue;
    }
    for (const event of parseEvents(buffer.subarray(0, length)))
      events.push(event.what === "exec" ? { ...event, image: readImage(event.pid) } : event);
  }
  if (events.length > 0 || lost > 0) parentPort!.postMessage({ events, lost } satisfies ConnectorBatch);
}
