import { closeSync } from "node:fs";
import { basename } from "node:path";
import { ThymusError } from "@thymus/contracts";
import { memoryFile, type RuleBundle, ScanPool, type ScanTarget } from "@thymus/detection";
import type { OnLayers } from "./confinement.ts";
import type { Content } from "./content-judge.ts";

export interface ContentWorkerOptions {
  readonly bundle: RuleBundle;
  /** Folder of compiled rules. */
  readonly cacheDir: string;
  readonly maxBytes: number;
  readonly onLayers: OnLayers;
  /** Whoever does not wait for it any more. */
  readonly signal?: AbortSignal;
  /** Milliseconds that one content may take. */
  readonly timeoutMs?: number | undefined;
}

/** What came out of a batch: what was told of each content, and those that ended, or held up, the process. */
export interface Looked {
  readonly found: ReadonlyMap<Content, readonly string[]>;
  readonly struck: ReadonlyMap<Content, string>;
}

/** Milliseconds in which it has to be ready. */
const START = 60_000;
const TIMEOUT = 10_000;
/** Milliseconds that one content may hold it up, all told: the limit of the engine, of who watches over it, and another start. */
const HELD_UP = 30_000;

/** A confined process with one set of rules, to which contents are handed as files in memory. It is replaced where one of them ends it. */
export class ContentWorker {
  #pool: ScanPool | null = null;
  #contents = new Map<ScanTarget, Content>();
  #found = new Map<Content, readonly string[]>();
  #struck = new Map<Content, string>();
  /** Why it is of no use any more; null while it is. */
  isGone: string | null = null;

  /** @returns one that is ready @throws ThymusError or Error where it does not start */
  static async start(options: ContentWorkerOptions): Promise<ContentWorker> {
    const { bundle, cacheDir, maxBytes, onLayers, signal, timeoutMs = TIMEOUT } = options;
    const worker = new ContentWorker();
    let isReady = () => {};
    const ready = new Promise<void>((resolve) => {
      isReady = resolve;
    });
    worker.#pool = await ScanPool.open(
      {
        ...{ bundle, cacheDir, timeoutMs, workers: 1, workersAre: "processes" as const },
        maxFileBytes: Math.max(maxBytes, 64 << 20),
      },
      {
        onHit: ({ target, matches }) => {
          const content = worker.#contents.get(target);
          if (content) worker.#found.set(content, [...new Set(matches.map(({ namespace }) => namespace))]);
        },
        onError: (target, { code, message }) => {
          const content = worker.#contents.get(target);
          if (content && code === "TOOL_FAILED") worker.#struck.set(content, message);
        },
        onSkip() {},
        onLayers(layers) {
          onLayers(layers);
          isReady();
        },
      },
    );
    // That the pool gives up is told by it; a process that says nothing at all is not.
    const pool = worker.#pool;
    const late = setTimeout(() => pool.abort(failed("it did not start in time")), START);
    const end = () => pool.abort(failed("it is not waited for"));
    signal?.addEventListener("abort", end, { once: true });
    try {
      signal?.throwIfAborted();
      await Promise.race([ready, pool.failed]);
      return worker;
    } catch (error) {
      await worker.close();
      throw error;
    } finally {
      clearTimeout(late);
      signal?.removeEventListener("abort", end);
    }
  }

  /** Contents whose process died with it, or before it came to them, are in neither part of the answer. */
  async look(contents: readonly Content[]): Promise<Looked> {
    const pool = this.#pool!;
    const found = new Map<Content, readonly string[]>();
    const struck = new Map<Content, string>();
    [this.#found, this.#struck, this.#contents] = [found, struck, new Map()];
    const files: number[] = [];
    const late = setTimeout(() => pool.abort(failed("it took too long")), HELD_UP * (contents.length + 1));
    try {
      for (const content of contents) {
        const fd = memoryFile(content.bytes);
        files.push(fd);
        const { path, type } = content;
        this.#contents.set({ path, name: basename(path), type, fd, tell: true }, content);
      }
      await pool.submit([...this.#contents.keys()]);
      await pool.drain();
    } catch (error) {
      this.isGone = (error as Error).message;
    } finally {
      clearTimeout(late);
      for (const fd of files) closeSync(fd);
    }
    return { found, struck };
  }

  async close(): Promise<void> {
    await this.#pool?.close();
  }
}

const failed = (why: string) => new ThymusError("TOOL_FAILED", why, "look at the log");
