import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import type { Duplex } from "node:stream";
import { endConfined } from "../../confinement/confine.ts";
import { Qmp } from "./qmp.ts";

/** How much of what a machine says is kept, in characters. */
const MAX_TALK = 64 * 1024;

/** A QEMU process with its monitor and the guest's serial line. */
export class Machine {
  readonly qmp: Qmp;
  readonly #child: ChildProcess;
  readonly #line: Duplex;
  /** Resolves when the process and all its streams are gone. */
  readonly ended: Promise<void>;
  #said = "";
  #errors = "";
  #waits: { text: string; resolve: () => void }[] = [];

  constructor(child: ChildProcess) {
    this.#child = child;
    this.qmp = new Qmp(child.stdio[3] as Duplex);
    this.#line = child.stdio[4] as Duplex;
    this.#line.on("error", () => {});
    this.#line.setEncoding("latin1").on("data", (text: string) => this.#hear(text));
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.#errors = (this.#errors + text).slice(-4096);
    });
    this.ended = new Promise((resolve) => {
      child.once("error", (error) => {
        this.#errors += error.message;
        resolve();
      });
      child.once("close", () => resolve());
    });
  }

  /** What the process complained about and what the guest's console said, for an error message. */
  get complaint(): string {
    return `${this.#errors.trim()} ${this.#said.trim()}`
      .replace(/[^\x20-\x7e]+/g, " ")
      .slice(-600)
      .trim();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  say(text: string): void {
    this.#line.write(text);
  }

  /** Resolves when the guest has said `text` on its serial line; never, where it ends before. */
  hear(text: string): Promise<void> {
    if (this.#said.includes(text)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waits.push({ text, resolve });
    });
  }

  /** Ends the process at once, and with it everything in its namespaces. */
  kill(): void {
    endConfined(this.#child);
  }

  #hear(text: string): void {
    this.#said = (this.#said + text).slice(-MAX_TALK);
    for (const wait of this.#waits) if (this.#said.includes(wait.text)) wait.resolve();
  }
}

/** Starts `command`; `state` (a file) becomes its file descriptor 5, the descriptor `memory` its 6. */
export function startMachine(
  command: readonly string[],
  state: string | null,
  memory: number | null = null,
): Machine {
  const fd = state === null ? null : openSync(state, "r");
  try {
    const child = spawn(command[0]!, command.slice(1), {
      stdio: [
        "ignore",
        "ignore",
        "pipe",
        "pipe",
        "pipe",
        ...(fd === null ? [] : [fd]),
        ...(memory === null ? [] : [memory]),
      ],
      env: { PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" },
      detached: true,
    });
    return new Machine(child);
  } finally {
    if (fd !== null) closeSync(fd);
  }
}
