/**
 * The answering process: the part of the agent that other processes wait for. It holds the fanotify groups and one socket to
 * the agent, reads no file's content, opens no database and no connection, and starts nothing. One loop, no event loop:
 * whatever stops it stops the winding of the dead man's timer too, and the kernel ends it and lets everybody through.
 */
import { setPriority } from "node:os";
import { Answerer } from "./answerer.ts";
import { bind } from "./library.ts";

/** Current pages stay in memory, later ones once they were touched. */
const LOCK = 1 | 2 | 4;
const SCHED_RR = 2;

/**
 * Somebody waits whenever this process has something to do, so it comes first: least real-time priority, which the kernel
 * bounds (sched_rt_runtime_us), or where that is not allowed a high ordinary one.
 */
function comeFirst(): void {
  const least = Buffer.alloc(4);
  least.writeInt32LE(1);
  const set = bind("int sched_setscheduler(int pid, int policy, const uint8_t *parameters)");
  if (set(0, SCHED_RR, least) === 0) return;
  try {
    setPriority(-15);
  } catch {
    // Slower under load, no more.
  }
}

comeFirst();
bind("int mlockall(int flags)")(LOCK);
new Answerer().run();
