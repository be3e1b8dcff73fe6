/**
 * Confined workers that are ready before their sample comes: started, modules loaded, chambers restored. Each serves one
 * sample and is thrown away, so that nothing passes from one sample to the next.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { asThymusError, type Logger, parseJsonDocument } from "@thymus/contracts";
import { acceleratorOf, savedMachine } from "../chamber/accelerator.ts";
import { chamberPaths } from "../chamber/paths.ts";
import { type SealedMemory, sealMemory } from "../chamber/run/memory.ts";
import { type ChamberKind, type PrepareOrder, READY } from "./prepare.ts";
import { WorkerProcess } from "./process.ts";
import { WorkerLine } from "./protocol.ts";

/** The descriptor under which a worker finds the sealed memory. */
const MEMORY_FD = 3;
/** Milliseconds until a worker that could not be prepared is tried again. */
const RETRY = 10_000;

export interface PoolOptions {
  /** Where the workers' folders are made; what is finished is renamed from there. */
  readonly parent: string;
  readonly chamberDir: string;
  /** `qemu` unless told. */
  readonly chamber?: ChamberKind | undefined;
  /** Folders that every job of these workers may need. */
  readonly readable: readonly string[];
  /** Workers that are kept ready. */
  readonly workers: number;
  /** Restored chambers of each. */
  readonly machines: number;
  readonly log: Logger;
}

export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #ready: WorkerProcess[] = [];
  readonly #making = new Set<Promise<void>>();
  #memory: Promise<SealedMemory> | null = null;
  #closed = false;
  #retry: NodeJS.Timeout | null = null;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#fill();
  }

  /** Workers that wait for a sample. */
  get ready(): readonly WorkerProcess[] {
    return this.#ready;
  }

  /** A worker that is ready, or null: then one is started as ever. It belongs to the caller, with its folder. */
  take(): WorkerProcess | null {
    const worker = this.#ready.shift() ?? null;
    this.#fill();
    return worker;
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#retry) clearTimeout(this.#retry);
    for (const worker of this.#ready.splice(0)) await discard(worker);
    await Promise.all(this.#making);
    const memory = await this.#memory?.catch(() => null);
    memory?.close();
  }

  #fill(): void {
    while (!this.#closed && this.#ready.length + this.#making.size < this.#options.workers) {
      const making = this.#make()
        .catch((thrown: unknown) => {
          const error = asThymusError(thrown);
          if (!this.#closed) this.#options.log.warn(`no chamber could be prepared: ${error.message}`);
          this.#retry ??= setTimeout(() => {
            this.#retry = null;
            this.#fill();
          }, RETRY);
        })
        .finally(() => this.#making.delete(making));
      this.#making.add(making);
      if (this.#retry) break;
    }
  }

  async #make(): Promise<void> {
    const { parent, chamberDir, readable, machines } = this.#options;
    this.#memory ??= sealMemory(
      savedMachine(chamberPaths(chamberDir), acceleratorOf(chamberDir)).memory,
      undefined,
    );
    const { fd } = await this.#memory.catch((error: unknown) => {
      this.#memory = null;
      throw error;
    });
    const folder = await mkdtemp(join(parent, ".warm-"));
    const worker = new WorkerProcess(folder, [chamberDir, ...readable], chamberDir, fd);
    const kind = this.#options.chamber ?? "qemu";
    worker.tell({
      prepare: { chamberDir, kind, machines, folder, memory: MEMORY_FD },
    } satisfies PrepareOrder);
    try {
      await ready(worker);
    } catch (error) {
      await discard(worker);
      throw error;
    }
    if (this.#closed) return discard(worker);
    this.#ready.push(worker);
    // One that dies while it waits is of no use to anybody.
    void worker.exited.then(() => {
      const at = this.#ready.indexOf(worker);
      if (at < 0) return;
      this.#ready.splice(at, 1);
      void discard(worker);
      this.#fill();
    });
  }
}

/** Ends a worker and removes its folder. */
export async function discard(worker: WorkerProcess): Promise<void> {
  worker.end(null);
  await worker.exited;
  await rm(worker.folder, { recursive: true, force: true });
}

/** Resolves at the worker's word that it is ready. */
function ready(worker: WorkerProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const hear = (text: string) => {
      try {
        const line = parseJsonDocument(WorkerLine, text, "a line of the analysis worker");
        if ("error" in line) done(new Error(line.error.message));
        else if ("progress" in line && line.progress === READY) done(null);
      } catch (error) {
        done(error as Error);
      }
    };
    const done = (error: Error | null) => {
      worker.lines.off("line", hear);
      if (error) reject(error);
      else resolve();
    };
    worker.lines.on("line", hear);
    void worker.exited.then(() => done(new Error(`it ended: ${worker.lastWords}`)));
  });
}
