/** Keeps child processes of this command running: one role a process, so that one may die without the others. */
import { type ChildProcess, spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Logger } from "@thymus/contracts";

const mainFile = join(dirname(fileURLToPath(import.meta.url)), "main.ts");
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 30_000;
/** A role that held this long starts again at once when it dies. */
const STEADY_MS = 20_000;

export interface Role {
  readonly name: string;
  /** Words after `thymus`. */
  readonly args: readonly string[];
  readonly onExit?: (status: number | null) => void;
  /** What the child sends over its channel. */
  readonly onMessage?: (message: unknown) => void;
}

/** Starts the role again whenever it ends, each time a little later, until it is closed. */
export class Supervised {
  readonly #role: Role;
  readonly #log: Logger;
  #child: ChildProcess | null = null;
  #closing = false;
  #waitMs = FIRST_WAIT_MS;
  #timer: NodeJS.Timeout | null = null;

  constructor(role: Role, log: Logger) {
    this.#role = role;
    this.#log = log;
    this.#start();
  }

  /** Process id of the running child, or null between two starts. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  #start(): void {
    const started = performance.now();
    const child = spawn(process.execPath, ["--no-warnings", mainFile, ...this.#role.args], {
      // The channel closes when this process ends, however it ends: then the child ends too (see interruptSignal).
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#child = child;
    child.on("message", (message) => this.#role.onMessage?.(message));
    child.once("exit", (status, signal) => {
      this.#child = null;
      this.#role.onExit?.(status);
      if (this.#closing) return;
      if (performance.now() - started > STEADY_MS) this.#waitMs = FIRST_WAIT_MS;
      this.#log.warn(
        `${this.#role.name} ended (${signal ?? `status ${status}`}); it starts again in ${this.#waitMs / 1000} s`,
      );
      this.#timer = setTimeout(() => this.#start(), this.#waitMs);
      this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
    });
  }

  /** Asks the child to end and waits; after `graceMs` it is killed. */
  async close(graceMs = 8000): Promise<void> {
    this.#closing = true;
    if (this.#timer) clearTimeout(this.#timer);
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGTERM");
    const killer = setTimeout(() => child.kill("SIGKILL"), graceMs);
    await gone;
    clearTimeout(killer);
  }
}
