/** What runs a worker: a confined process, or a thread where there is none. */
import type { WorkerBatch, WorkerMessage } from "./protocol.ts";

/** Where a worker is: number of the batch, place of the file in it (-1 when idle), files and bytes of this batch so far. */
export interface Whereabouts {
  readonly batch: number;
  readonly index: number;
  readonly files: number;
  readonly bytes: number;
}

export interface RunnerListener {
  onMessage(message: WorkerMessage): void;
  /** It ended by itself; what it told before has been told. */
  onExit(cause: unknown): void;
}

export interface Runner {
  give(batch: WorkerBatch): void;
  /** Known although the worker hangs or died. */
  whereabouts(): Whereabouts;
  /** The file in work is why it has to be ended, or ended. */
  blame(): void;
  /** Ends it at once, whatever it does. */
  end(): Promise<void>;
}

export type StartRunner = (listener: RunnerListener) => Runner;
