import { join } from "node:path";
import { holdLock } from "@thymus/store";

/**
 * Holds DIR/agent for one process that recovers what a crash left half-done: the agent itself, or a command while no
 * agent runs. @throws ThymusError CONFLICT
 */
export function holdAgent(dataDir: string, waitMs = 3000): Promise<() => void> {
  return holdLock(join(dataDir, "lock"), { what: `the agent of ${dataDir}`, waitMs });
}
