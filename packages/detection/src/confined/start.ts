/** Starts a confined worker and speaks with it; what it says is checked like what a stranger says. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, readFileSync, readSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { serialize } from "node:v8";
import type { WorkerMessage } from "../scan/protocol.ts";
import type { RunnerListener, Whereabouts } from "../scan/runner.ts";
import { Channel, openChannel } from "./channel.ts";
import { type Launch, launchOf, noteStart } from "./launch.ts";
import { loadLibc } from "./libc.ts";
import { readMessage } from "./message.ts";
import type { ConfinedSettings } from "./settings.ts";

const PROGRAM = fileURLToPath(new URL("./worker.ts", import.meta.url));
/** Milliseconds that a worker may take until it is ready: what takes longer are its rules. */
const START = 300_000;
/** Longest line that a worker may say, bytes. */
const MAX_SAID = 64 * 1024 * 1024;

export interface WorkerEnd {
  /** A batch with its open files, which stay the caller's to close. */
  send(batch: number, text: string, files: readonly number[]): void;
  /** Whether it has something of this batch to do. */
  has(batch: number): boolean;
  whereabouts(): Whereabouts;
  end(): Promise<void>;
}

/** Whether this machine can run confined workers at all. */
export const canConfine = (): boolean => loadLibc() !== null;

export function startConfined(settings: ConfinedSettings, listener: RunnerListener): WorkerEnd {
  return new ConfinedWorker(settings, listener);
}

class ConfinedWorker implements WorkerEnd {
  readonly #listener: RunnerListener;
  readonly #channel: Channel;
  readonly #near: number;
  readonly #progress: number;
  readonly #settings: Buffer;
  readonly #waiting = new Set<number>();
  #child: ChildProcess;
  #inNamespaces = false;
  #far: number | null;
  #isReady = false;
  #late: NodeJS.Timeout | undefined;
  #isLate = false;
  #ended = false;
  #said = "";
  #last: Whereabouts = { batch: 0, index: -1, files: 0, bytes: 0 };

  constructor(settings: ConfinedSettings, listener: RunnerListener) {
    this.#listener = listener;
    this.#settings = serialize(settings);
    const libc = loadLibc()!;
    const { near, far } = openChannel(libc);
    this.#near = near;
    this.#far = far;
    this.#channel = new Channel(near);
    this.#progress = Number(
      libc.bind("int memfd_create(const char *name, unsigned int flags)")("thymus-progress", 1),
    );
    this.#child = this.#spawn(far, launchOf(PROGRAM));
  }

  #spawn(far: number, { args, env, file, inNamespaces }: Launch): ChildProcess {
    this.#inNamespaces = inNamespaces;
    const child = spawn(file, args, {
      stdio: ["pipe", "pipe", "pipe", far, this.#progress],
      env,
      cwd: "/",
    });
    child.stdin!.on("error", () => {});
    child.stdin!.end(this.#settings);
    this.#late = setTimeout(() => {
      this.#isLate = true;
      endTree(child);
    }, START);
    this.#late.unref();
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.#said = `${this.#said}${text}`.slice(-4096);
    });
    createInterface({ input: child.stdout! }).on("line", (line) => this.#hear(child, line));
    child.on("error", (error) => this.#gone(child, far, error));
    child.on("close", (code, signal) =>
      this.#gone(
        child,
        far,
        new Error(`the scanning process ended (${signal ?? code})${reasonIn(this.#said)}`),
      ),
    );
    return child;
  }

  #hear(child: ChildProcess, line: string): void {
    if (child !== this.#child || this.#ended) return;
    const message: WorkerMessage | null = line.length > MAX_SAID ? null : readMessage(line);
    if (message === null) {
      endTree(child);
      return;
    }
    if (message.kind === "ready") {
      this.#isReady = true;
      clearTimeout(this.#late);
      if (this.#inNamespaces) noteStart(true);
      this.#closeFar();
    }
    if (message.kind === "done") this.#waiting.delete([...this.#waiting][0]!);
    this.#listener.onMessage(message);
  }

  #gone(child: ChildProcess, far: number, cause: Error): void {
    if (child !== this.#child || this.#ended) return;
    // A machine may have bubblewrap and refuse it namespaces; what was sent still waits in the channel.
    clearTimeout(this.#late);
    if (!this.#isReady && this.#inNamespaces && !this.#isLate) {
      noteStart(false);
      this.#child = this.#spawn(far, launchOf(PROGRAM, true));
      return;
    }
    this.whereabouts();
    this.#close();
    const late = `the scanning process was not ready after ${START / 1000} seconds: its rules take too long`;
    this.#listener.onExit(this.#isLate ? new Error(late) : cause);
  }

  send(batch: number, text: string, files: readonly number[]): void {
    this.#waiting.add(batch);
    if (!this.#ended && !this.#channel.send(text, files)) endTree(this.#child);
  }

  has(batch: number): boolean {
    return this.#waiting.has(batch);
  }

  whereabouts(): Whereabouts {
    if (this.#ended) return this.#last;
    const numbers = Buffer.alloc(32);
    const length = readSync(this.#progress, numbers, 0, numbers.length, 0);
    if (length === numbers.length) {
      const [batch, index, files, bytes] = [0, 8, 16, 24].map((at) => numbers.readDoubleLE(at)) as [
        number,
        number,
        number,
        number,
      ];
      const sound = [batch, index, files, bytes].every((value) => Number.isSafeInteger(value) && value >= -1);
      if (sound) this.#last = { batch, index, files, bytes };
    }
    return this.#last;
  }

  #closeFar(): void {
    if (this.#far !== null) closeSync(this.#far);
    this.#far = null;
  }

  #close(): void {
    this.#ended = true;
    clearTimeout(this.#late);
    this.#closeFar();
    closeSync(this.#near);
    closeSync(this.#progress);
  }

  async end(): Promise<void> {
    if (this.#ended) return;
    this.whereabouts();
    const child = this.#child;
    this.#close();
    child.unref();
    if (!this.#isReady) {
      // It finds the channel closed as soon as it has started. Bubblewrap, killed while it starts, would leave a process that waits for ever.
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
      return;
    }
    const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
    // One that waits for work ends with the channel.
    if (this.#waiting.size > 0) endTree(child);
    const late = setTimeout(() => endTree(child), 1000);
    await gone;
    clearTimeout(late);
  }
}

/** Bubblewrap's child is the first process of its namespace: all in there end with it, and bubblewrap after it. */
export function endTree(child: ChildProcess): void {
  try {
    const inner = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "latin1");
    for (const pid of inner.split(" ").filter(Boolean)) process.kill(Number(pid), "SIGKILL");
  } catch {
    // It ended just now.
  }
  child.kill("SIGKILL");
}

/** The line of an error in what a process said, for a message. */
export const reasonIn = (said: string): string => {
  const line = said.split("\n").find((each) => /error/i.test(each));
  return line === undefined ? "" : `: ${line.replace(/[\p{Cc}\p{Cf}]/gu, "").slice(0, 200)}`;
};
