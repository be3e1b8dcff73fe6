/** The thread that reads events. It does nothing else, so that no other work keeps the kernel's queue waiting. */
import { workerData } from "node:worker_threads";
import type { FromReader, ReaderData } from "./messages.ts";
import { Reader } from "./reader.ts";

const data = workerData as ReaderData;
try {
  new Reader(data).run();
} catch (error) {
  const failed: FromReader = { type: "failed", why: (error as Error).message };
  data.port.postMessage(failed);
}
data.port.close();
