/** The side with keys: starts the confined worker, hands it one job, checks every line that comes back. */

import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseJsonDocument, ThymusError } from "@thymus/contracts";
import { type Confinement, spawnConfined } from "../confinement/confine.ts";
import {
  type AnalyseJob,
  type AnalyseResult,
  type ProveJob,
  type ProveResult,
  type ReleaseJob,
  type ReleaseResult,
  type WorkerJob,
  WorkerLine,
} from "./protocol.ts";

/** Longest line that a worker may print, in bytes. */
const MAX_LINE = 8 * 1024 * 1024;
const projectRoot = join(dirname(fileURLToPath(import.meta.url)), "../../../..");
const workerMain = join(dirname(fileURLToPath(import.meta.url)), "main.ts");

export interface RunOptions {
  /** Folders that the job names and the worker must read. */
  readonly readable: readonly string[];
  /** Wall-clock limit of the whole job, held here. */
  readonly limitSeconds: number;
  readonly onProgress?: (what: string) => void;
  readonly signal?: AbortSignal | undefined;
}

export async function runWorker(job: AnalyseJob, options: RunOptions): Promise<AnalyseResult>;
export async function runWorker(job: ProveJob, options: RunOptions): Promise<ProveResult>;
export async function runWorker(job: ReleaseJob, options: RunOptions): Promise<ReleaseResult>;
/** @throws ThymusError the worker's own, BUDGET_EXHAUSTED, INTERRUPTED, or TOOL_FAILED where it broke */
export async function runWorker(
  job: WorkerJob,
  options: RunOptions,
): Promise<AnalyseResult | ProveResult | ReleaseResult> {
  const confinement: Confinement = {
    readable: [projectRoot, dirname(dirname(process.execPath)), ...options.readable],
    writable: job.out,
    hidden: [join(projectRoot, ".cache"), join(projectRoot, ".git")],
    maxFileBytes: 4 * 1024 ** 3,
  };
  const child = spawnConfined(confinement, [
    process.execPath,
    "--max-old-space-size=3072",
    "--no-warnings",
    workerMain,
  ]);
  let ended: ThymusError | null = null;
  const end = (error: ThymusError) => {
    ended ??= error;
    child.kill("SIGKILL");
  };
  const timer = setTimeout(
    () =>
      end(
        new ThymusError(
          "BUDGET_EXHAUSTED",
          `the ${job.kind} step was not done within ${Math.round(options.limitSeconds)} seconds`,
          "give a larger --budget or look at the sample by hand",
        ),
      ),
    options.limitSeconds * 1000,
  );
  const onAbort = () =>
    end(new ThymusError("INTERRUPTED", `the ${job.kind} step was interrupted`, "run it again"));
  options.signal?.addEventListener("abort", onAbort, { once: true });
  if (options.signal?.aborted) onAbort();
  let result: AnalyseResult | ProveResult | ReleaseResult | null = null;
  let errors = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-4096);
  });
  child.stdin!.on("error", () => {}).end(JSON.stringify(job));
  let pending = 0;
  child.stdout!.on("data", (chunk: Buffer) => {
    pending = chunk.includes(10) ? chunk.length - chunk.lastIndexOf(10) : pending + chunk.length;
    if (pending > MAX_LINE)
      end(new ThymusError("TOO_LARGE", "the worker printed an endless line", "report it"));
  });
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
  try {
    for await (const line of createInterface({ input: child.stdout! })) {
      if (ended) break;
      const said = parseJsonDocument(WorkerLine, line, "a line of the analysis worker");
      if ("progress" in said) options.onProgress?.(said.progress);
      else if ("error" in said)
        ended ??= new ThymusError(said.error.code, said.error.message, said.error.hint);
      else result = said.result;
    }
    await exited;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", onAbort);
    child.kill("SIGKILL");
  }
  if (ended) throw ended;
  if (!result)
    throw new ThymusError(
      "TOOL_FAILED",
      `the confined ${job.kind} worker ended without a result: ${errors.trim().split("\n").slice(-3).join(" | ") || "no message"}`,
      "run: thymus doctor",
    );
  return result;
}
