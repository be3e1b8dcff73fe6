/** A thread that walks trees: see tree-run.ts. */
import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { ContentReader } from "./content.ts";
import { noCounts, type TreeGrant, type TreeJob, type TreeReport } from "./protocol.ts";
import { TreeStore } from "./store.ts";
import { TreeWork } from "./tree-work.ts";

/** Milliseconds of the first turn: soon there is work for the other threads. */
const FIRST = 10;
/** Milliseconds that this thread waits for another writer. */
const PATIENCE = 30_000;

const job = workerData as TreeJob;
if (job.nice > 0 && process.platform === "linux") {
  try {
    // On Linux 0 is this thread, not the process.
    setPriority(0, job.nice);
  } catch {
    // Then as the process is.
  }
}
const writes = job.mode !== "check";
// Loaded only where it is used: a check by metadata starts in half of the time without.
const inspector = writes ? (await import("./program.ts")).programInspector(job.maxBytes) : null;
const store = new TreeStore(job.database, job, PATIENCE);
const reader = new ContentReader({
  stop: new Int32Array(job.stop),
  room: new Int32Array(job.room),
  inspector,
});
const work = new TreeWork(job, store, reader);
let quantum = FIRST;

parentPort!.on("message", (grant: TreeGrant | null) => {
  if (grant === null) {
    store.close();
    parentPort!.close();
    return;
  }
  let report: TreeReport;
  try {
    report = work.run(grant.units, grant.share, quantum);
    if (!store.flush()) throw new Error(`another process wrote to the database for ${PATIENCE} ms`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const failed = { code: code ?? "", message: message ?? String(error) };
    report = { counts: noCounts(), changes: [], problems: [], units: [], left: 0, failed };
  }
  quantum = Math.min(job.quantum, quantum * 4);
  parentPort!.postMessage(report);
});
