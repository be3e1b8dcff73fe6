/**
 * A durable, bounded queue of samples with a triage in front: what is known is answered at once, what is the same or
 * nearly the same waits for one analysis, the rest is analysed by urgency. Killed at any instant it loses nothing: every
 * submission that was taken gets exactly one answer.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { asThymusError, type CaseId, type PrescriptionId, ThymusError } from "@thymus/contracts";
import { failpoint, holdLock } from "@thymus/store";
import { takeSample } from "../sample.ts";
import { type Answer, type Answered, gaveUpReport, type SubmissionMeta, urgencies } from "./answer.ts";
import { type KnownClean, readKnownClean } from "./clean.ts";
import { answerByFleet } from "./fleet.ts";
import { answerKnown } from "./known.ts";
import { answerByRule } from "./rule.ts";
import { standingFor } from "./standing.ts";
import { answerOf, factsOf, type SubmissionRow } from "./store/rows.ts";
import { keepSample, sweepSamples } from "./store/samples.ts";
import { IntakeStore, type NewSubmission, type QueuedSample } from "./store/store.ts";
import { nearTo } from "./triage/near.ts";
import type { Look } from "./triage/protocol.ts";
import { TriageWorker } from "./triage/worker.ts";
import type { Finished, Intake, IntakeOptions, Turn, Undelivered } from "./types.ts";

/** Seconds after which a refused submission may find room. */
const RETRY_SECONDS = 30;

/** @throws ThymusError CONFLICT (another process has this folder), STORE_FAILED, CORPUS_MISSING, UNREADABLE */
export async function openIntake(options: IntakeOptions): Promise<Intake> {
  const release = await holdLock(join(options.dataDir, "lock"), { what: `the intake of ${options.dataDir}` });
  try {
    const intake = await RunningIntake.open(options);
    return Object.assign(intake, { close: () => intake.end().finally(release) });
  } catch (error) {
    release();
    throw error;
  }
}

class RunningIntake {
  readonly #options: IntakeOptions;
  readonly #store: IntakeStore;
  readonly #clean: KnownClean;
  readonly #triage: TriageWorker;
  readonly #samples: string;
  readonly #stop = new AbortController();
  readonly #running = new Set<string>();
  readonly #submitting = new Map<string, Promise<Answer>>();
  #loops: Promise<void>[] = [];
  #open = 0;
  #taken = 0;
  /** How often the triage worker was told its rules: a look is by those of before where that has changed since. */
  #rulesTold = 0;
  /** One decision after the other: two of the same content must see each other. */
  #deciding: Promise<unknown> = Promise.resolve();
  #wake: (() => void)[] = [];

  private constructor(options: IntakeOptions, store: IntakeStore, clean: KnownClean, triage: TriageWorker) {
    this.#options = options;
    this.#store = store;
    this.#clean = clean;
    this.#triage = triage;
    this.#samples = join(options.dataDir, "samples");
  }

  static async open(options: IntakeOptions): Promise<RunningIntake> {
    const clean = await readKnownClean(options.corpusDir, options.cleanLists ?? []);
    const now = options.now ?? Date.now;
    const store = await IntakeStore.open(join(options.dataDir, "intake.db"), options.version, now);
    try {
      const samples = join(options.dataDir, "samples");
      await mkdir(samples, { recursive: true, mode: 0o700 });
      const triage = new TriageWorker({ folder: samples, rules: await store.rules() });
      const intake = new RunningIntake(options, store, clean, triage);
      const needed = (await store.open()).map(({ sha256 }) => sha256);
      await sweepSamples(samples, new Set(needed), options.log);
      const { queued, folded } = await store.counts();
      intake.#open = queued + folded;
      intake.#loops = Array.from({ length: options.workers }, () => intake.#loop());
      return intake;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  async submit(file: string, meta: SubmissionMeta): Promise<Answer> {
    this.#alive();
    const under = this.#submitting.get(meta.id);
    if (under) return under;
    const answer = this.#take(file, meta).finally(() => this.#submitting.delete(meta.id));
    this.#submitting.set(meta.id, answer);
    return answer;
  }

  async answerOf(id: CaseId): Promise<Answer | null> {
    const row = await this.#store.submission(id);
    return row && this.#stateOf(row);
  }

  async waiting() {
    return (await this.#store.open()).map(({ id, ticket, sha256 }) => {
      return { id: id as CaseId, ticket, running: this.#running.has(sha256) };
    });
  }

  async undelivered(): Promise<Undelivered[]> {
    return (await this.#store.undelivered()).flatMap((row) => {
      const answer = answerOf(row);
      return answer && row.ticket !== null ? [{ id: row.id as CaseId, ticket: row.ticket, answer }] : [];
    });
  }

  delivered(id: CaseId): Promise<void> {
    return this.#store.delivered(id);
  }

  async recall(prescriptions: readonly string[]): Promise<void> {
    if (await this.#store.recall(prescriptions)) await this.#tellRules();
  }

  prune(): Promise<void> {
    return this.#store.prune();
  }

  async depth() {
    const { queued, folded } = await this.#store.counts();
    const contents = await this.#store.depth();
    return { open: queued + folded, folded, contents, running: this.#running.size };
  }

  async end(): Promise<void> {
    this.#stop.abort();
    for (const wake of this.#wake.splice(0)) wake();
    await Promise.allSettled([...this.#loops, ...this.#submitting.values(), this.#deciding]);
    await this.#triage.close();
    await this.#store.close();
  }

  #alive(): void {
    if (this.#stop.signal.aborted)
      throw new ThymusError("INTERRUPTED", "the intake is being closed", "hand the sample in again");
  }

  async #stateOf(row: SubmissionRow): Promise<Answer | null> {
    if (row.state === "answered") return answerOf(row);
    if (row.state === "folded") return { state: "folded", into: row.into_sha256!, near: row.near === 1 };
    return { state: "queued", position: await this.#store.depth() };
  }

  async #take(file: string, meta: SubmissionMeta): Promise<Answer> {
    const before = await this.#before(meta);
    if (before) return before;
    const name = `.in-${meta.id}`;
    const path = join(this.#samples, name);
    await rm(path, { force: true });
    try {
      const { size, sha256 } = await takeSample(file, path);
      const row: NewSubmission = {
        ...{ id: meta.id, sha256, name: meta.name, type: "other", size },
        ...{ urgency: urgencies[meta.urgency], ticket: meta.ticket ?? null },
        submitter: meta.submitter ?? null,
      };
      const known = await this.#known(row);
      if (known) return await this.#answerNow(row, known);
      if (await this.#store.isWaiting(sha256)) {
        const folded = await this.#decide(() => this.#foldSame(row));
        if (folded) return folded;
      }
      if (this.#full()) return { state: "refused", retryAfterSeconds: RETRY_SECONDS };
      // Its word about content that was hashed here: of another file it may not speak.
      const lookAtIt = async () => {
        const look = await this.#triage.look(name, meta.name);
        this.#alive();
        return look && look.sha256 === sha256 && look.size === size ? look : null;
      };
      const by = this.#rulesTold;
      const first = await lookAtIt();
      return await this.#decide(async () => {
        // A rule that was found meanwhile is asked too: else the fleet could vouch for what it hits.
        const looked = by === this.#rulesTold ? first : await lookAtIt();
        return this.#place(path, { ...row, type: looked?.type ?? "other" }, looked, meta);
      });
    } finally {
      await rm(path, { force: true });
    }
  }

  /** What was said of this submission already. With another ticket after the answer it is asked anew. */
  async #before(meta: SubmissionMeta): Promise<Answer | null> {
    const row = await this.#store.submission(meta.id);
    if (!row) return null;
    const state = await this.#stateOf(row);
    const again = meta.ticket !== undefined && meta.ticket !== row.ticket;
    if (!state || (again && row.delivered === 1)) {
      await this.#store.forget(meta.id);
      return null;
    }
    if (again) {
      await this.#store.renewTicket(meta.id, meta.ticket!);
      if (state.state === "answered") this.#options.onAnswer?.(meta.id);
    }
    return state;
  }

  #known(row: NewSubmission): Promise<Answered | null> {
    return answerKnown(this.#store, this.#clean, row, (prescription) => this.#standing(prescription));
  }

  #standing(prescription: PrescriptionId): Promise<PrescriptionId | null> {
    const { replacedBy = async () => null } = this.#options;
    return standingFor(prescription, (id) => this.#may(id), replacedBy);
  }

  async #answerNow(row: NewSubmission, answer: Answered): Promise<Answer> {
    await this.#store.recordAnswer(row, answer);
    await failpoint("analysis.intake.answered-at-once");
    this.#options.onAnswer?.(row.id as CaseId);
    return answer;
  }

  #full(): boolean {
    return this.#open >= this.#options.capacity;
  }

  async #foldSame(row: NewSubmission): Promise<Answer | null> {
    if (!(await this.#store.isWaiting(row.sha256))) return null;
    if (this.#full()) return { state: "refused", retryAfterSeconds: RETRY_SECONDS };
    await this.#store.fold(row, row.sha256, false);
    this.#open++;
    return { state: "folded", into: row.sha256, near: false };
  }

  /** Where a new content belongs. Runs alone. */
  async #place(path: string, row: NewSubmission, look: Look | null, meta: SubmissionMeta): Promise<Answer> {
    this.#alive();
    const known =
      (await this.#known(row)) ??
      (await this.#byRule(row, look)) ??
      (await answerByFleet(this.#store, row, look, meta.fleet, this.#options.fleetClean));
    if (known) return this.#answerNow(row, known);
    const same = await this.#foldSame(row);
    if (same) return same;
    if (this.#full()) return { state: "refused", retryAfterSeconds: RETRY_SECONDS };
    await keepSample(path, this.#samples, row.sha256);
    await failpoint("analysis.intake.kept");
    const into = look && nearTo(row.size, look, await this.#store.waitingSketches());
    if (into) await this.#store.fold(row, into, true);
    else await this.#store.enqueue(row, look?.sketch ?? null);
    this.#open++;
    await failpoint("analysis.intake.queued");
    for (const wake of this.#wake.splice(0)) wake();
    if (into) return { state: "folded", into, near: true };
    return { state: "queued", position: await this.#store.depth() };
  }

  #byRule(row: NewSubmission, look: Look | null): Promise<Answered | null> {
    return answerByRule(this.#store, row, look, (id) => this.#may(id));
  }

  #may(prescription: PrescriptionId): boolean {
    return this.#options.mayAnswerBy?.(prescription) ?? true;
  }

  async #loop(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#settle();
        const job = await this.#store.claim();
        if (!job) await this.#pause(this.#taken > 0 ? 1000 : 5000);
        else await this.#analyse(job);
      } catch (thrown) {
        const error = asThymusError(thrown);
        this.#options.log.error(`the intake stumbled: ${error.code}: ${error.message}`);
        await this.#pause(1000);
      }
    }
  }

  #pause(milliseconds: number): Promise<void> {
    if (this.#stop.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  async #analyse(job: NonNullable<Awaited<ReturnType<IntakeStore["claim"]>>>): Promise<void> {
    const sha256 = job.key;
    const { id, name, type, size, submitter } = job.payload as QueuedSample;
    this.#running.add(sha256);
    this.#taken++;
    try {
      const busy = await this.#store.depth();
      const turn: Turn = {
        ...{ id, name, sha256, submitter: submitter ?? null, busy },
        file: this.#file(sha256),
        signal: this.#stop.signal,
      };
      const finished = await this.#options.analyse(turn);
      await this.#finish(sha256, type, finished, true);
    } catch (thrown) {
      const error = asThymusError(thrown);
      if (this.#stop.signal.aborted) return;
      if (this.#options.repeatable?.(error) ?? error.code === "INTERRUPTED") {
        this.#options.log.warn(`${id}: ${error.code}: ${error.message}; it is tried again`);
        await this.#store.giveBack(job, error.message, 5);
        return;
      }
      const report = gaveUpReport(id, factsOf({ sha256, size, type }), error);
      await this.#finish(sha256, type, { report, prescription: null }, false);
    } finally {
      this.#running.delete(sha256);
    }
  }

  async #finish(sha256: string, type: string, finished: Finished, remember: boolean): Promise<void> {
    await failpoint("analysis.intake.finished");
    // In turn with the placing of samples: whoever reads the answer finds its rule in use.
    const ids = await this.#decide(async () => {
      const answered = await this.#store.finish({ sha256, type, sketch: null, ...finished }, remember);
      if (finished.prescription) await this.#tellRules();
      return answered;
    });
    this.#open -= ids.length;
    await failpoint("analysis.intake.answered");
    await rm(this.#file(sha256), { force: true });
    for (const id of ids) this.#options.onAnswer?.(id);
  }

  async #tellRules(): Promise<void> {
    this.#triage.use(await this.#store.rules());
    this.#rulesTold++;
  }

  /** Gives what was folded behind a content that is done its own answer, and gives up what was begun too often. */
  async #settle(): Promise<void> {
    for (const { key, why } of await this.#store.exhausted()) {
      const row = (await this.#store.open()).find(({ sha256 }) => sha256 === key);
      const error = new ThymusError(
        "PERSON_NEEDED",
        `the analysis was begun several times and never ended${why ? ` (${why})` : ""}`,
        "look at the sample by hand",
      );
      const facts = factsOf({ sha256: key, size: row?.size ?? 0, type: row?.type ?? "other" });
      const report = gaveUpReport((row?.id ?? "case-lost") as CaseId, facts, error);
      await this.#finish(key, facts.type, { report, prescription: null }, false);
    }
    await this.#decide(async () => {
      for (const row of await this.#store.orphans()) {
        if (this.#stop.signal.aborted) return;
        await this.#settleOne(row);
      }
    });
  }

  async #settleOne(row: SubmissionRow): Promise<void> {
    const known = await this.#known(row);
    const look = known ? null : await this.#triage.look(row.sha256, row.name);
    this.#alive();
    const answer = known ?? (look?.sha256 === row.sha256 ? await this.#byRule(row, look) : null);
    if (!answer) {
      await this.#store.unfold(row, look?.sketch ?? null);
      for (const wake of this.#wake.splice(0)) wake();
      return;
    }
    await this.#store.answerFolded(row, answer);
    this.#open--;
    if (!(await this.#store.open()).some(({ sha256 }) => sha256 === row.sha256))
      await rm(this.#file(row.sha256), { force: true });
    this.#options.onAnswer?.(row.id as CaseId);
  }

  #file(sha256: string): string {
    return join(this.#samples, sha256);
  }

  #decide<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#deciding.then(work);
    this.#deciding = result.catch(() => {});
    return result;
  }
}
