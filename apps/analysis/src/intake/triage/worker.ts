/**
 * The side with keys: one confined worker that lives long, looks at many samples, and is started anew when it dies, hangs
 * or has seen enough. What it says is checked, and only ever its word.
 */
import type { ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { parseJsonDocument, ThymusError } from "@thymus/contracts";
import { endConfined, spawnConfined } from "../../confinement/confine.ts";
import { type Look, TriageLine, type TriageOrder, type TriageRule } from "./protocol.ts";

const projectRoot = join(import.meta.dirname, "../../../../..");
/** Samples after which the worker is replaced: what one of them did to it ends there. */
const MOST_LOOKS = 500;
/** Longest time in seconds for one sample. */
const LOOK_SECONDS = 60;

interface Waiting {
  readonly order: { id: number; file: string; name: string };
  readonly resolve: (look: Look | null) => void;
  readonly tries: number;
}

export interface TriageWorkerOptions {
  /** Folder of the samples, the only one that the worker can read beside the program. */
  readonly folder: string;
  readonly rules: readonly TriageRule[];
}

export class TriageWorker {
  readonly #folder: string;
  #rules: readonly TriageRule[];
  #child: ChildProcess | null = null;
  #scratch: string | null = null;
  #looks = 0;
  #next = 1;
  #closed = false;
  #timer: NodeJS.Timeout | null = null;
  /** In the order in which the worker takes them; the first is the one that it is at. */
  #waiting: Waiting[] = [];
  #starting: Promise<void> | null = null;

  constructor(options: TriageWorkerOptions) {
    this.#folder = options.folder;
    this.#rules = options.rules;
  }

  /** From the next sample on these rules count. */
  use(rules: readonly TriageRule[]): void {
    this.#rules = rules;
    if (this.#child) this.#tell({ rules: [...rules] });
  }

  /**
   * Looks at one file of the folder; null where that cannot be done: twice a worker ended or hung over it, or it cannot
   * be read.
   * @throws ThymusError CONFINEMENT_UNAVAILABLE, INTERRUPTED
   */
  async look(file: string, name: string): Promise<Look | null> {
    if (this.#closed) throw closed();
    await this.#ready();
    return new Promise((resolve) =>
      this.#ask({ order: { id: this.#next++, file, name }, resolve, tries: 0 }),
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#starting?.catch(() => {});
    this.#end();
    for (const { resolve } of this.#waiting.splice(0)) resolve(null);
    if (this.#scratch) await rm(this.#scratch, { recursive: true, force: true });
  }

  #ready(): Promise<void> {
    if (this.#child && this.#looks >= MOST_LOOKS && this.#waiting.length === 0) this.#end();
    if (this.#child) return Promise.resolve();
    this.#starting ??= this.#start().finally(() => {
      this.#starting = null;
    });
    return this.#starting;
  }

  async #start(): Promise<void> {
    this.#scratch ??= await mkdtemp(join(tmpdir(), "thymus-triage-"));
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    if (this.#closed) throw closed();
    const child = spawnConfined(
      {
        readable: [projectRoot, dirname(dirname(process.execPath)), this.#folder],
        writable: this.#scratch,
        hidden: [join(projectRoot, ".cache"), join(projectRoot, ".git")],
        maxFileBytes: 1 << 20,
      },
      [
        ...[process.execPath, "--max-old-space-size=512", "--no-warnings"],
        ...[join(import.meta.dirname, "main.ts"), this.#folder],
      ],
    );
    this.#child = child;
    this.#looks = 0;
    child.stdin!.on("error", () => {});
    child.stderr!.resume();
    child.once("error", () => this.#died(child));
    child.once("close", () => this.#died(child));
    const lines = createInterface({ input: child.stdout! });
    lines.on("line", (line) => this.#hear(child, line));
    this.#tell({ rules: [...this.#rules] });
    for (const { order } of this.#waiting) this.#tell({ look: order });
    this.#watch();
  }

  #ask(waiting: Waiting): void {
    this.#waiting.push(waiting);
    if (this.#child) {
      this.#tell({ look: waiting.order });
      if (!this.#timer) this.#watch();
    } else this.#ready().catch(() => this.#give(waiting, null));
  }

  #tell(order: TriageOrder): void {
    this.#child?.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  #hear(child: ChildProcess, text: string): void {
    if (child !== this.#child) return;
    try {
      const line = parseJsonDocument(TriageLine, text.slice(0, 1 << 16), "a line of the triage worker");
      const id = "looked" in line ? line.looked.id : line.failed.id;
      const waiting = this.#waiting.find(({ order }) => order.id === id);
      if (!waiting) return;
      const known = new Set(this.#rules.map(({ prescription }) => prescription));
      if ("failed" in line) this.#give(waiting, null);
      else this.#give(waiting, { ...line.looked, hits: line.looked.hits.filter((hit) => known.has(hit)) });
      this.#looks++;
      this.#watch();
    } catch {
      // It does not keep to its lines any more.
      this.#end();
      this.#again();
    }
  }

  #give(waiting: Waiting, look: Look | null): void {
    this.#waiting = this.#waiting.filter((other) => other !== waiting);
    waiting.resolve(look);
  }

  /** Holds the time of the sample that the worker is at. */
  #watch(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#waiting.length > 0)
      this.#timer = setTimeout(() => this.#child && endConfined(this.#child), LOOK_SECONDS * 1000);
  }

  #died(child: ChildProcess): void {
    if (child !== this.#child) return;
    this.#child = null;
    this.#again();
  }

  /** Starts anew with what waits; a sample over which a worker ended twice is given up. */
  #again(): void {
    const first = this.#waiting[0];
    if (!first) return;
    if (first.tries > 0) this.#give(first, null);
    else this.#waiting[0] = { ...first, tries: 1 };
    const rest = this.#waiting;
    if (this.#closed || rest.length === 0) return;
    this.#ready().catch(() => {
      for (const waiting of rest) this.#give(waiting, null);
    });
  }

  #end(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const child = this.#child;
    this.#child = null;
    if (child) endConfined(child);
  }
}

const closed = () => new ThymusError("INTERRUPTED", "the triage is being ended", "hand the sample in again");
