/** A worker thread of the scan pool, for machines that cannot confine a process: reads and scans batches. */
import { parentPort, workerData } from "node:worker_threads";
import { ScanJob } from "./job.ts";
import {
  type ScanTarget,
  SharedProgress,
  type WorkerBatch,
  type WorkerMessage,
  type WorkerSettings,
} from "./protocol.ts";
import { FileReader, readFault } from "./reader.ts";

const settings = workerData as WorkerSettings;
const progress = new SharedProgress(settings.progress);
const reader = new FileReader(settings.maxFileBytes);
const job = await ScanJob.open(settings);

function tell(message: WorkerMessage): void {
  parentPort!.postMessage(message);
}

async function scanOne(target: ScanTarget, index: number): Promise<void> {
  const read = reader.read(target.path, target.expect);
  if (read.kind !== "bytes") return tell({ ...readFault(target.path, read, settings.maxFileBytes), index });
  progress.scanned(read.bytes.length);
  for (const message of await job.scan(read.bytes, target, index)) tell(message);
}

// One batch after the other: what is in work must be what the shared numbers say.
let last = Promise.resolve();
parentPort!.on("message", ({ number, targets }: WorkerBatch) => {
  last = last.then(async () => {
    progress.reset(number);
    for (const [index, target] of targets.entries()) {
      progress.begin(index);
      await scanOne(target, index);
    }
    progress.begin(-1);
    tell({ kind: "done", files: progress.files, bytes: progress.bytes });
  });
});
tell({ kind: "ready", layers: [] });
