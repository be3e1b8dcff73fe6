import { readFile } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";

/** How hard the machine is pressed. */
export interface Pressure {
  /** Per cent of the last ten seconds in which some task waited, for the most wanted resource. */
  readonly percent: number;
  readonly resource: "cpu" | "io" | "memory" | "load";
}

const RESOURCES = ["cpu", "io", "memory"] as const;

/**
 * Pressure stall information of the whole machine (kernel documentation, accounting/psi.rst). A kernel without it is
 * judged by its load: runnable tasks beyond the processors count as waiting. Null where neither is known.
 * @param folder /proc/pressure
 */
export async function readPressure(folder = "/proc/pressure"): Promise<Pressure | null> {
  const found: Pressure[] = [];
  for (const resource of RESOURCES) {
    const text = await readFile(join(folder, resource), "utf8").catch(() => "");
    const some = /^some avg10=([\d.]+)/m.exec(text);
    if (some) found.push({ resource, percent: Number(some[1]) });
  }
  if (found.length > 0) return found.reduce((most, each) => (each.percent > most.percent ? each : most));
  return process.platform === "win32" ? null : ofLoad(loadavg()[0] ?? 0, availableParallelism());
}

/** The share of tasks that has to wait where `load` tasks want `processors`. */
export function ofLoad(load: number, processors: number): Pressure {
  const waiting = Math.max(0, load - processors);
  return { resource: "load", percent: load > 0 ? (waiting / load) * 100 : 0 };
}
