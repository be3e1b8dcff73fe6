import { writeFileSync } from "node:fs";
import koffi from "koffi";
import { bindC } from "../files/c-library.ts";

const RLIMIT_CPU = 0;
const RLIMIT_DATA = 2;
const RLIMIT_CORE = 4;

koffi.struct("thymus_rlimit", { soft: "uint64", hard: "uint64" });
const setrlimit = bindC("int setrlimit(int resource, const thymus_rlimit *limit)");

/** Bounds this process for good: processor seconds (then SIGXCPU, SIGKILL), bytes of memory, no core file. Linux. */
export function limitSelf({ processorSeconds, memory }: { processorSeconds: number; memory: number }): void {
  if (process.platform !== "linux") return;
  const limit = (resource: number, most: number) => setrlimit(resource, { soft: most, hard: most });
  limit(RLIMIT_CPU, processorSeconds);
  limit(RLIMIT_DATA, memory);
  limit(RLIMIT_CORE, 0);
  try {
    // Where memory runs out all the same, this process goes, not the owner's.
    writeFileSync("/proc/self/oom_score_adj", "1000");
  } catch {
    // Not allowed in some containers.
  }
}
