import { createHash } from "node:crypto";
import type { Logger, Prescription } from "@thymus/contracts";
import { canConfine } from "@thymus/detection";
import type { ActivePrescriptions } from "./active.ts";
import type { OnLayers } from "./confinement.ts";
import { JudgeWorker } from "./judge-worker.ts";

export interface ConfinedJudgeOptions {
  readonly active: ActivePrescriptions;
  /** Folder of compiled rules. */
  readonly cacheDir: string;
  readonly log: Logger;
  /** Largest file that is given to it. */
  readonly maxBytes: number;
  readonly onLayers: OnLayers;
  /** Whether this machine can confine a process; a test may say no. */
  readonly canConfine?: boolean;
}

/** A file that is open; it is not used any more once it is answered for. */
export interface OpenFile {
  readonly fd: number;
  readonly path: string;
  /** Another one where its content is another one. */
  readonly identity: string;
}

/** The active prescription that finds a file, or null; `unsure` where nothing was found out in time. */
export type FileVerdict = { readonly found: Prescription | null } | "unsure";

interface Job {
  readonly file: OpenFile;
  readonly deadlineMs: number;
  /** By the clock of performance. */
  readonly until: number;
  answer(verdict: FileVerdict): void;
}

/** Times that a file may end, or hold up, the worker before it is not given to these rules again. */
const STRIKES = 2;
const MAX_STRUCK = 1000;
/** Milliseconds to another try where a worker did not start; each further one doubles, up to the most. */
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 60_000;

/**
 * Judges open files by the active prescriptions in a confined process, so that hostile bytes are neither read with the agent's rights
 * nor on its thread. While rules change the old worker answers until the new one is ready.
 */
export class ConfinedJudge {
  readonly #options: ConfinedJudgeOptions;
  readonly #queue: Job[] = [];
  readonly #strikes = new Map<string, number>();
  #worker: JudgeWorker | null = null;
  /** What the worker was started for: rules, and when they were read. */
  #rules = "";
  #generation = -1;
  #starting: Promise<void> | null = null;
  #pause = FIRST_PAUSE;
  #notBefore = 0;
  #wasReady = false;
  #why: string | null = null;
  #isPumping = false;
  #busy: JudgeWorker | null = null;
  #closed = false;
  /** Another set of rules counts from now on. */
  onReplaced: () => void = () => {};

  constructor(options: ConfinedJudgeOptions) {
    this.#options = options;
    if (!(options.canConfine ?? canConfine())) this.#cannot("this machine has none");
  }

  /** False where files have to be judged in this process, as none else can be had. A worker that ended is had again. */
  get works(): boolean {
    return this.#wasReady || this.#why === null;
  }

  notices(): string[] {
    if (this.#why === null) return [];
    const instead = !this.#wasReady
      ? "files are looked into by the agent itself, without a confined process"
      : this.#worker
        ? "files are looked into by the rules of before, as no process with the new ones starts"
        : "the process that looks into files does not start, files that are not known yet get the answer of whenUnsure";
    return [`on-access: ${instead}: ${this.#why}`];
  }

  #cannot(why: string): void {
    if (this.#why !== why) this.#options.log.warn("no confined process judges files on access", { why });
    this.#why = why;
  }

  /** Sees to it that there is a worker with the rules that are active; call it often. */
  refresh(): void {
    const { active } = this.#options;
    if (this.#closed || this.#starting || performance.now() < this.#notBefore) return;
    if (active.generation === this.#generation && (this.#worker || active.ids.length === 0)) return;
    if (!this.#wasReady && !(this.#options.canConfine ?? canConfine())) return;
    const { generation } = active;
    const bundle = active.bundleOf(active.ids);
    const rules = createHash("sha256").update(JSON.stringify(bundle.rules)).digest("hex");
    if (this.#worker && rules === this.#rules) {
      this.#generation = generation;
      return;
    }
    if (bundle.rules.length === 0) {
      this.#take(null, rules, generation);
      return;
    }
    const { cacheDir, maxBytes, onLayers } = this.#options;
    this.#starting = JudgeWorker.start({ bundle, cacheDir, maxBytes, onLayers })
      .then(
        (worker) => this.#take(worker, rules, generation),
        (error: Error) => this.#missed(error),
      )
      .finally(() => {
        this.#starting = null;
        // The rules may have changed again, or the worker may be gone already.
        this.refresh();
      });
  }

  #take(worker: JudgeWorker | null, rules: string, generation: number): void {
    if (this.#closed) {
      void worker?.close();
      return;
    }
    const old = this.#worker;
    const changed = rules !== this.#rules;
    this.#worker = worker;
    this.#rules = rules;
    this.#generation = generation;
    if (worker) {
      this.#wasReady = true;
      this.#why = null;
      this.#pause = FIRST_PAUSE;
    } else for (const job of this.#queue.splice(0)) job.answer({ found: null });
    // One at work is closed by who waits for it.
    if (old && old !== this.#busy) void old.close();
    if (changed) {
      this.#strikes.clear();
      this.onReplaced();
    }
    void this.#pump();
  }

  #missed(error: Error): void {
    this.#notBefore = performance.now() + this.#pause;
    this.#pause = Math.min(LONGEST_PAUSE, 2 * this.#pause);
    this.#cannot(error.message);
  }

  /** Answers after at most `deadlineMs`, whatever file, rules and worker do. */
  scanOne(file: OpenFile, { deadlineMs }: { readonly deadlineMs: number }): Promise<FileVerdict> {
    if (this.#closed || (this.#strikes.get(file.identity) ?? 0) >= STRIKES) return Promise.resolve("unsure");
    this.refresh();
    return new Promise((resolve) => {
      const late = setTimeout(() => {
        // Else it is in work, and answered by who waits for the worker.
        const at = this.#queue.indexOf(job);
        if (at < 0) return;
        this.#queue.splice(at, 1);
        resolve("unsure");
      }, deadlineMs);
      const job: Job = {
        ...{ file, deadlineMs, until: performance.now() + deadlineMs },
        answer(verdict) {
          clearTimeout(late);
          resolve(verdict);
        },
      };
      this.#queue.push(job);
      void this.#pump();
    });
  }

  async #pump(): Promise<void> {
    if (this.#isPumping) return;
    this.#isPumping = true;
    for (let worker = this.#worker; worker && this.#queue.length > 0; worker = this.#worker)
      await this.#next(worker, this.#queue.shift()!);
    this.#isPumping = false;
  }

  async #next(worker: JudgeWorker, job: Job): Promise<void> {
    const { active, log } = this.#options;
    const { fd, identity, path } = job.file;
    const left = job.until - performance.now();
    // What had to wait for others must not cost the worker, nor be blamed.
    if (left < job.deadlineMs / 2) return job.answer("unsure");
    this.#busy = worker;
    const looked = await worker.look(fd, path, left);
    this.#busy = null;
    const isCurrent = worker === this.#worker;
    if (looked && isCurrent) return job.answer({ found: active.answerFor(looked.sha256, looked.found) });
    if (isCurrent) this.#worker = null;
    void worker.close();
    if (this.#closed) return job.answer("unsure");
    if (looked && active.ids.length === 0) return job.answer({ found: null });
    if (looked) {
      // The rules changed meanwhile.
      this.#queue.unshift(job);
      return;
    }
    log.warn("a file ended, or held up, the process that looked into it", { path });
    this.#strike(identity);
    job.answer("unsure");
    this.refresh();
  }

  #strike(identity: string): void {
    const times = (this.#strikes.get(identity) ?? 0) + 1;
    if (this.#strikes.size >= MAX_STRUCK) this.#strikes.delete(this.#strikes.keys().next().value!);
    this.#strikes.set(identity, times);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#queue.splice(0)) job.answer("unsure");
    const worker = this.#worker;
    this.#worker = null;
    await worker?.close();
    await this.#starting;
  }
}
