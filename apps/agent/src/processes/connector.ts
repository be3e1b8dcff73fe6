import { Worker } from "node:worker_threads";
import type { ConnectorBatch } from "./connector-worker.ts";
import { closeDescriptor, openConnector, openWake, wake } from "./netlink.ts";

/**
 * Process events from the kernel, in order.
 * @throws an error with `code` where this process may not, or the kernel does not
 */
export class Connector {
  readonly #worker: Worker;
  readonly #fd: number;
  readonly #wake: number;
  readonly #ended: Promise<void>;
  /** A thread that waits in the kernel would keep this process from ending. */
  readonly #atExit = () => wake(this.#wake);
  /** Resolves once it listens, or has ended. */
  readonly ready: Promise<void>;

  constructor(onBatch: (batch: ConnectorBatch) => void, onEnd: (error: Error) => void) {
    this.#fd = openConnector();
    this.#wake = openWake();
    this.#worker = new Worker(new URL("./connector-worker.ts", import.meta.url), {
      workerData: { fd: this.#fd, wake: this.#wake },
      resourceLimits: { maxOldGenerationSizeMb: 64 },
    });
    process.once("exit", this.#atExit);
    this.#worker.on("message", onBatch);
    this.#worker.on("error", onEnd);
    this.ready = new Promise((resolve) => {
      this.#worker.once("message", () => resolve());
      this.#worker.once("exit", () => resolve());
    });
    this.#ended = new Promise((resolve) => {
      this.#worker.once("exit", () => resolve());
    });
  }

  async close(): Promise<void> {
    process.off("exit", this.#atExit);
    wake(this.#wake);
    await this.#ended;
    closeDescriptor(this.#fd);
    closeDescriptor(this.#wake);
  }
}
