/**
 * The answering process: the part of the agent that other processes wait for. It holds the fanotify groups and one socket to
 * the agent, reads no file's content, opens no database and no connection, and starts nothing. One loop, no event loop:
 * whatever stops it stops the winding of the dead man's timer too, and the kernel ends it and lets everybody through.
 */
import { readdirSync, readFileSync } from "node:fs";
import { setPriority } from "node:os";
import { Answerer } from "./answerer.ts";
import { bind } from "./library.ts";

const MLOCK_ONFAULT = 1;
const SCHED_RR = 2;

/**
 * Somebody waits whenever this process has something to do, so it comes first: low real-time priorities, which the kernel
 * bounds (sched_rt_runtime_us), or where that is not allowed a high ordinary one. The runtime's other threads too: the
 * collector waits for them, and the groups close only when the last thread has ended.
 */
function comeFirst(): void {
  const set = bind("int sched_setscheduler(int thread, int policy, const uint8_t *parameters)");
  const priority = Buffer.alloc(4);
  for (const thread of readdirSync("/proc/self/task").map(Number)) {
    priority.writeInt32LE(thread === process.pid ? 2 : 1);
    if (set(thread, SCHED_RR, priority) === 0) continue;
    try {
      setPriority(thread, -15);
    } catch {
      // Slower under load, no more.
    }
  }
}

/**
 * Pages of programs and libraries stay in memory once they were touched, so that no disk is waited for. Not those of the heap: the
 * runtime gives some back, which the kernel refuses for locked ones, and the runtime ends itself then.
 */
function stayInMemory(): void {
  try {
    const lock = bind("int mlock2(uintptr_t start, size_t length, unsigned int flags)");
    for (const line of readFileSync("/proc/self/maps", "latin1").split("\n")) {
      const [, start, end] = /^([0-9a-f]+)-([0-9a-f]+) .* \//.exec(line) ?? [];
      if (!start || !end) continue;
      const from = Number.parseInt(start, 16);
      lock(from, Number.parseInt(end, 16) - from, MLOCK_ONFAULT);
    }
  } catch {
    // A C library without it.
  }
}

comeFirst();
stayInMemory();
new Answerer().run();
