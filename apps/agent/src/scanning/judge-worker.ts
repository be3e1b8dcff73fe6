import { open } from "node:fs/promises";
import { basename } from "node:path";
import { type Sha256, ThymusError } from "@thymus/contracts";
import { type RuleBundle, ScanPool } from "@thymus/detection";
import type { OnLayers } from "./confinement.ts";

export interface JudgeWorkerOptions {
  readonly bundle: RuleBundle;
  /** Folder of compiled rules. */
  readonly cacheDir: string;
  readonly maxBytes: number;
  readonly onLayers: OnLayers;
}

/** What a worker says of one file: its digest, and the prescription whose rule comes first among those that find it. */
export interface Looked {
  readonly sha256: Sha256;
  readonly found: string | null;
}

/** Milliseconds in which a worker has to be ready. */
const START = 30_000;

/** One confined process with one set of rules, which looks into one open file at a time. */
export class JudgeWorker {
  #pool: ScanPool | null = null;
  #looked: Looked | null = null;

  /** @returns one that has shown that it works @throws ThymusError or Error where it does not start */
  static async start({ bundle, cacheDir, maxBytes, onLayers }: JudgeWorkerOptions): Promise<JudgeWorker> {
    const worker = new JudgeWorker();
    worker.#pool = await ScanPool.open(
      { bundle, cacheDir, maxFileBytes: maxBytes, workers: 1, workersAre: "processes" },
      {
        onHit({ sha256, matches }) {
          worker.#looked = { sha256, found: matches[0]?.namespace ?? null };
        },
        onError(_target, { code }) {
          if (code === "TOOL_FAILED") worker.#looked = null;
        },
        onSkip() {},
        onLayers,
      },
    );
    const self = import.meta.filename;
    const file = await open(self);
    try {
      if (await worker.look(file.fd, self, START)) return worker;
      throw new ThymusError("TOOL_FAILED", "it did not start", "look at the log");
    } catch (error) {
      await worker.close();
      throw error;
    } finally {
      await file.close();
    }
  }

  /**
   * The descriptor is not used any more once this has answered, nor is the worker where the answer is null.
   * @returns null where the worker did not live to say anything, or took more than `limit` milliseconds
   */
  async look(fd: number, path: string, limit: number): Promise<Looked | null> {
    const pool = this.#pool!;
    const late = new ThymusError(
      "TOOL_FAILED",
      "it took too long",
      "the file or the rules may be made for that",
    );
    const timer = setTimeout(() => pool.abort(late), limit);
    this.#looked = null;
    try {
      await pool.submit([{ path, name: basename(path), fd, tell: true }]);
      await pool.drain();
      return this.#looked;
    } catch {
      return null;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends it at once, whatever it does. */
  async close(): Promise<void> {
    await this.#pool?.close();
  }
}
