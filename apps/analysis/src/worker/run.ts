/** The side with keys: hands a confined worker one job, checks every line that comes back. */
import { asThymusError, parseJsonDocument, ThymusError } from "@thymus/contracts";
import type { ChamberKind, PrepareOrder } from "./prepare.ts";
import { WorkerProcess } from "./process.ts";
import {
  type AnalyseJob,
  type AnalyseResult,
  type LearnJob,
  type LearnResult,
  type ProveJob,
  type ProveResult,
  type ReleaseJob,
  type ReleaseResult,
  type WorkerJob,
  WorkerLine,
} from "./protocol.ts";

type WorkerResult = AnalyseResult | ProveResult | LearnResult | ReleaseResult;

export interface RunOptions {
  /** Folders that the job names and the worker must read. */
  readonly readable: readonly string[];
  /** Wall-clock limit of the whole job, held here. */
  readonly limitSeconds: number;
  readonly onProgress?: (what: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** Chamber of the job; `qemu` unless told. */
  readonly chamber?: ChamberKind | undefined;
  /** A worker that is prepared already, for this one job; its folder is the job's. */
  readonly warm?: WorkerProcess | undefined;
}

export async function runWorker(job: AnalyseJob, options: RunOptions): Promise<AnalyseResult>;
export async function runWorker(job: ProveJob, options: RunOptions): Promise<ProveResult>;
export async function runWorker(job: LearnJob, options: RunOptions): Promise<LearnResult>;
export async function runWorker(job: ReleaseJob, options: RunOptions): Promise<ReleaseResult>;
/** @throws ThymusError the worker's own, BUDGET_EXHAUSTED, INTERRUPTED, or TOOL_FAILED where it broke */
export async function runWorker(job: WorkerJob, options: RunOptions): Promise<WorkerResult> {
  const worker =
    options.warm ??
    new WorkerProcess(job.out, options.readable, "chamberDir" in job ? job.chamberDir : null, null);
  const end = (error: ThymusError) => worker.end(error);
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
  let result: WorkerResult | null = null;
  let said: ThymusError | null = null;
  const hear = (text: string) => {
    try {
      const line = parseJsonDocument(WorkerLine, text, "a line of the analysis worker");
      if ("progress" in line) options.onProgress?.(line.progress);
      else if ("error" in line)
        said ??= new ThymusError(line.error.code, line.error.message, line.error.hint);
      else result = line.result;
    } catch (thrown) {
      end(asThymusError(thrown));
    }
  };
  worker.lines.on("line", hear);
  try {
    if (options.chamber === "bwrap" && !options.warm && "chamberDir" in job)
      worker.tell({
        prepare: { chamberDir: job.chamberDir, kind: "bwrap", machines: 0, folder: job.out, memory: null },
      } satisfies PrepareOrder);
    worker.tellLast(job);
    await worker.exited;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", onAbort);
    worker.end(null);
  }
  const ended = worker.why ?? said;
  if (ended) throw ended;
  if (!result)
    throw new ThymusError(
      "TOOL_FAILED",
      `the confined ${job.kind} worker ended without a result: ${worker.lastWords}`,
      "run: thymus doctor",
    );
  return result;
}
