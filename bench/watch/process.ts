import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** Seconds of processor time that all threads of a process have used. */
export function cpuOf(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
    } catch {
      // It ended in between.
    }
  }
  return nanoseconds / 1e9;
}

/** Bytes of memory that a process has resident, and had at most. */
export function memoryOf(pid: number): { now: number; peak: number } {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  const of = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0) * 1024;
  return { now: of("VmRSS"), peak: of("VmHWM") };
}

/** A program whose output is read by lines. */
export class Talker {
  readonly child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #ended: Promise<void>;
  #wake: () => void = () => {};

  constructor(command: string, args: readonly string[], from: "stdout" | "stderr" = "stdout") {
    this.child = spawn(command, args, { stdio: ["pipe", "pipe", from === "stderr" ? "pipe" : "inherit"] });
    createInterface({ input: this.child[from]! }).on("line", (line) => {
      this.#lines.push(line);
      this.#wake();
    });
    this.#ended = new Promise((resolve) => this.child.once("exit", () => resolve()));
  }

  get pid(): number {
    return this.child.pid!;
  }

  say(line: string): void {
    this.child.stdin!.write(`${line}\n`);
  }

  /** The next line of which this holds. @throws Error where the program ended, or after two minutes */
  async hear(holds: (line: string) => boolean): Promise<string> {
    for (const limit = Date.now() + 120_000; ; ) {
      while (this.#lines.length > 0) {
        const line = this.#lines.shift()!;
        if (holds(line)) return line;
      }
      if (this.child.exitCode !== null) throw new Error(`${this.child.spawnfile} ended`);
      if (Date.now() > limit) throw new Error(`${this.child.spawnfile} says nothing`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, 200);
      });
    }
  }

  async end(): Promise<void> {
    if (this.child.exitCode === null) this.child.kill();
    await this.#ended;
  }
}

export const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Resolves once a process has used no more processor time for a second. @returns when it began to rest */
export async function atRest(pid: number): Promise<void> {
  let used = cpuOf(pid);
  for (let quiet = 0; quiet < 4; ) {
    await pause(250);
    const now = cpuOf(pid);
    quiet = now - used < 0.005 ? quiet + 1 : 0;
    used = now;
  }
}
