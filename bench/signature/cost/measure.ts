import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ThymusError } from "@thymus/contracts";
import { median } from "../../shared/numbers.ts";
import type { Good } from "../corpora/parts.ts";
import { type Row, ruleBytes } from "../run/row.ts";
import { type ScanCost, scanCosts } from "./scan.ts";

export interface Costs {
  readonly startSeconds: number;
  /** Largest resident memory of a process that derived rules for all families, in bytes. */
  readonly memory: number;
  readonly medianCpuSeconds: number;
  readonly mostCpuSeconds: number;
  readonly medianRuleBytes: number;
  readonly mostRuleBytes: number;
  readonly scan: { bytes: number; files: number; costs: ScanCost[] };
}

/**
 * What rules cost to make and to scan with.
 * @throws ThymusError TOOL_FAILED where the process that is measured ends with an error
 */
export async function measureCosts(files: readonly Good[], rows: readonly Row[]): Promise<Costs> {
  const { status, stdout } = spawnSync(process.execPath, [join(import.meta.dirname, "family-process.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  });
  if (status !== 0)
    throw new ThymusError("TOOL_FAILED", "the measured process ended with an error", "see what it said");
  const { startSeconds, memory, derived } = JSON.parse(stdout) as {
    startSeconds: number;
    memory: number;
    derived: { cpuSeconds: number }[];
  };
  const seconds = derived.map(({ cpuSeconds }) => cpuSeconds);
  const sizes = rows.filter(({ tool, rule }) => tool === "thymus" && rule !== null).map(ruleBytes);
  return {
    ...{ startSeconds, memory, medianCpuSeconds: median(seconds), mostCpuSeconds: Math.max(...seconds) },
    ...{ medianRuleBytes: median(sizes), mostRuleBytes: Math.max(0, ...sizes) },
    scan: await scanCosts(files, rows),
  };
}

export function costTable(costs: Costs): string {
  const { scan } = costs;
  const text = [
    "### What it costs\n",
    `Self is open after ${costs.startSeconds.toFixed(2)} s. A process that derived the rules of all families of tier A took at most ` +
      `${(costs.memory / 1e6).toFixed(0)} MB and, a family, a median of ${costs.medianCpuSeconds.toFixed(2)} processor seconds (at most ` +
      `${costs.mostCpuSeconds.toFixed(2)}). Rules of the run: median ${costs.medianRuleBytes} bytes, largest ${costs.mostRuleBytes}.\n`,
    `Scanning ${scan.files} clean files of ${(scan.bytes / 1e6).toFixed(0)} MB in memory, one thread, medians of paired rounds; by the ` +
      "engine alone, and as machines scan (scopes known, files passed over that can match no rule):\n",
    "| rules | rule files | bytes | engine alone, CPU s | times the trivial rule | on machines, CPU s | times the trivial rule |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...scan.costs.map(
      ({ name, rules, ruleBytes: bytes, cpuSeconds, ratio, onMachines }) =>
        `| ${name} | ${rules} | ${bytes} | ${cpuSeconds.toFixed(3)} | ${ratio.toFixed(2)} | ` +
        `${onMachines.cpuSeconds.toFixed(3)} | ${onMachines.ratio.toFixed(2)} |`,
    ),
  ];
  return `${text.join("\n")}\n`;
}
