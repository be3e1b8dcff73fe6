import type { ProcessFacts } from "@thymus/contracts";
import type { RunView } from "../view.ts";

const MAX_PROCESSES = 300;

/** The process tree, parents before children; of a flood of processes the first ones. */
export function tellProcesses(view: RunView): ProcessFacts[] {
  return [...view.processes.values()]
    .sort((a, b) => a.started - b.started || a.pid - b.pid)
    .slice(0, MAX_PROCESSES)
    .map(({ pid, ppid, command, started, ended, did }) => ({
      ...{ pid, ppid, started, ended, did: { ...did } },
      command: command.slice(0, 4096),
    }));
}
