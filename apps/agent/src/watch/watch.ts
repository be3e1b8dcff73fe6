import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { TEMPORARY_PREFIX } from "@thymus/store";
import { closeDescriptor, openBell, ring } from "./calls.ts";
import type { Changed, FromReader, ReaderData, RootState, SourceKind, ToReader } from "./messages.ts";
import type { KnownPoint } from "./points.ts";

export interface WatchOptions {
  readonly roots: readonly string[];
  /** Folders below the roots that are not entered, unless one is a root itself. */
  readonly skipped: readonly string[];
  readonly prefer: "auto" | "fanotify" | "inotify";
  /** Mount points that each root had when the agent ran last. */
  readonly expected: Readonly<Record<string, readonly KnownPoint[]>>;
  readonly onChanges: (root: string, changes: readonly Changed[]) => void;
  /** What changed in between is not known: it must be found by a comparison. */
  readonly onGap: (root: string, why: string) => void;
  readonly onState: (state: RootState) => void;
}

/** Where events come from. */
export interface WatchSource {
  readonly kind: SourceKind | "mixed";
  close(): Promise<void>;
}

/** Milliseconds after which a thread that failed is started again. */
const AGAIN = 1000;

/**
 * Events of all roots: gathered by a thread of its own, told in batches. Nothing is lost silently: what the kernel or the
 * thread could not keep is told as a gap.
 */
export class Watch implements WatchSource {
  readonly #options: WatchOptions;
  readonly #states = new Map<string, RootState>();
  readonly #waiting = new Map<number, () => void>();
  #thread: { worker: Worker; port: MessagePort; bell: number; ended: Promise<unknown> } | null = null;
  #again: NodeJS.Timeout | null = null;
  #asked = 0;
  #closed = false;
  /** A thread that waits in the kernel would keep the process from ending. */
  readonly #atExit = () => this.#tell({ type: "close" });

  private constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Resolves once every root is watched, or known not to be. */
  static async open(options: WatchOptions): Promise<Watch> {
    const watch = new Watch(options);
    watch.#start();
    process.once("exit", watch.#atExit);
    await watch.check();
    return watch;
  }

  get kind(): SourceKind | "mixed" {
    const kinds = new Set(
      [...this.#states.values()].filter(({ missing }) => !missing).map(({ kind }) => kind),
    );
    const [only] = kinds;
    return kinds.size > 1 ? "mixed" : (only ?? "none");
  }

  state(root: string): RootState | null {
    return this.#states.get(root) ?? null;
  }

  /** Looks whether each root is still the folder that it was; resolves when what was found, and all that changed before, is told. */
  async check(): Promise<void> {
    if (!this.#thread) return;
    const id = ++this.#asked;
    const done = new Promise<void>((resolve) => this.#waiting.set(id, resolve));
    this.#tell({ type: "check", id });
    await done;
  }

  #start(): void {
    const { roots, skipped, prefer, expected } = this.#options;
    const { port1, port2 } = new MessageChannel();
    const taken = new SharedArrayBuffer(4);
    const bell = openBell();
    const data: ReaderData = {
      roots,
      skipped,
      prefer,
      expected,
      bell,
      taken,
      own: process.pid,
      temporary: TEMPORARY_PREFIX,
      port: port2,
    };
    const worker = new Worker(new URL("./worker.ts", import.meta.url), {
      workerData: data,
      transferList: [port2],
      execArgv: [],
      // It keeps paths only.
      resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 8 },
    });
    const ended = new Promise((resolve) => worker.once("exit", resolve));
    this.#thread = { worker, port: port1, bell, ended };
    port1.on("message", (message: FromReader) => this.#hear(message, new Int32Array(taken)));
    worker.on("error", (error: Error) => this.#failed(error.message));
    ended.then(() => {
      closeDescriptor(bell);
      for (const resolve of this.#waiting.values()) resolve();
      this.#waiting.clear();
    });
  }

  #hear(message: FromReader, taken: Int32Array): void {
    const { onChanges, onGap, onState } = this.#options;
    switch (message.type) {
      case "changes":
        Atomics.add(taken, 0, 1);
        if (!this.#closed) for (const { root, changes } of message.batches) onChanges(root, changes);
        break;
      case "gap":
        if (!this.#closed) onGap(message.root, message.why);
        break;
      case "state":
        this.#states.set(message.state.root, message.state);
        onState(message.state);
        break;
      case "checked":
        this.#waiting.get(message.id)?.();
        this.#waiting.delete(message.id);
        break;
      case "failed":
        this.#failed(message.why);
    }
  }

  #failed(why: string): void {
    if (this.#closed || this.#again) return;
    this.#thread?.port.close();
    this.#thread = null;
    for (const root of this.#options.roots) this.#options.onGap(root, `the reader of events failed: ${why}`);
    this.#again = setTimeout(() => {
      this.#again = null;
      this.#start();
    }, AGAIN);
  }

  #tell(message: ToReader): void {
    if (!this.#thread) return;
    this.#thread.port.postMessage(message);
    ring(this.#thread.bell);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    process.off("exit", this.#atExit);
    if (this.#again) clearTimeout(this.#again);
    const thread = this.#thread;
    this.#tell({ type: "close" });
    await thread?.ended;
    thread?.port.close();
    this.#thread = null;
  }
}
