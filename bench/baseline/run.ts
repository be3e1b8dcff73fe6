import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

export interface Run {
  readonly status: number | null;
  readonly seconds: number;
  /** Of processor time, all threads. */
  readonly cpuSeconds: number;
  /** Largest resident memory, bytes. */
  readonly peak: number;
  readonly output: string;
}

/** Milliseconds between two looks at a process. */
const LOOK = 50;
/** Kernel ticks a second (USER_HZ). */
const TICKS = 100;

/** Runs a program to its end and measures it, with its own start. Of the output only the end is kept. */
export function measured(command: string, args: readonly string[]): Promise<Run> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    let peak = 0;
    let ticks = 0;
    const look = () => {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, "latin1");
        peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024);
        const stat = readFileSync(`/proc/${child.pid}/stat`, "latin1");
        const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        ticks = Math.max(ticks, Number(fields[11]) + Number(fields[12]));
      } catch {
        // It ended.
      }
    };
    const timer = setInterval(look, LOOK);
    child.stdout.on("data", (data: Buffer) => {
      output = (output + data.toString()).slice(-20_000);
    });
    child.on("error", reject);
    child.on("close", (status) => {
      clearInterval(timer);
      resolve({
        status,
        seconds: (performance.now() - started) / 1000,
        cpuSeconds: ticks / TICKS,
        peak,
        output,
      });
    });
  });
}
