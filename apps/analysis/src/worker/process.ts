/** A confined worker process, from the side with keys: how it is started, and the lines that it says. */
import type { ChildProcess } from "node:child_process";
import { dirname, join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { ThymusError } from "@thymus/contracts";
import { acceleratorOf, KVM_DEVICE } from "../chamber/accelerator.ts";
import { endConfined, spawnConfined } from "../confinement/confine.ts";

/** Longest line that a worker may print, in bytes. */
const MAX_LINE = 8 * 1024 * 1024;
const projectRoot = join(import.meta.dirname, "../../../..");
const workerMain = join(import.meta.dirname, "main.ts");

export class WorkerProcess {
  /** The only folder that it may write. */
  readonly folder: string;
  readonly lines: Interface;
  readonly exited: Promise<void>;
  readonly #child: ChildProcess;
  #errors = "";
  #why: ThymusError | null = null;

  /**
   * @param chamberDir chamber that the job names, or null
   * @param memory file descriptor that the worker gets as its 3, or null
   */
  constructor(folder: string, readable: readonly string[], chamberDir: string | null, memory: number | null) {
    this.folder = folder;
    const child = spawnConfined(
      {
        readable: [projectRoot, dirname(dirname(process.execPath)), ...readable],
        writable: folder,
        hidden: [join(projectRoot, ".cache"), join(projectRoot, ".git")],
        maxFileBytes: 4 * 1024 ** 3,
        // Only where the chamber's machines need it: it is much of the kernel.
        devices: chamberDir !== null && acceleratorOf(chamberDir) === "kvm" ? [KVM_DEVICE] : [],
      },
      [process.execPath, "--max-old-space-size=3072", "--no-warnings", workerMain],
      memory === null ? [] : [memory],
    );
    this.#child = child;
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.#errors = (this.#errors + text).slice(-4096);
    });
    child.stdin!.on("error", () => {});
    let pending = 0;
    child.stdout!.on("data", (chunk: Buffer) => {
      pending = chunk.includes(10) ? chunk.length - chunk.lastIndexOf(10) : pending + chunk.length;
      if (pending > MAX_LINE)
        this.end(new ThymusError("TOO_LARGE", "the worker printed an endless line", "report it"));
    });
    this.exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
    this.lines = createInterface({ input: child.stdout! });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Why it was ended from here; the first reason counts. */
  get why(): ThymusError | null {
    return this.#why;
  }

  get lastWords(): string {
    return this.#errors.trim().split("\n").slice(-3).join(" | ") || "no message";
  }

  tell(line: unknown): void {
    this.#child.stdin!.write(`${JSON.stringify(line)}\n`);
  }

  /** The last thing that it is told. */
  tellLast(line: unknown): void {
    this.#child.stdin!.end(`${JSON.stringify(line)}\n`);
  }

  end(why: ThymusError | null): void {
    this.#why ??= why;
    endConfined(this.#child);
  }
}
