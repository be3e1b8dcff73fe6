/** Everything that an intake writes down, as whole steps: each method is one transaction. */
import {
  type CaseId,
  FileType,
  type ImmunizeReport,
  type Prescription,
  PrescriptionId,
} from "@thymus/contracts";
import { createQueue, type Job } from "@thymus/jobs";
import { openDatabase } from "@thymus/store";
import type { Kysely } from "kysely";
import { z } from "zod";
import { type Answered, retold } from "../answer.ts";
import type { TriageRule } from "../triage/protocol.ts";
import { answered, reportOf, type SubmissionRow } from "./rows.ts";
import { type IntakeDatabase, intakeMigrations } from "./schema.ts";

const ANALYSE = "analyse";
/** Times that an analysis is begun: whatever ends the centre may be the sample itself. */
const MOST_BEGUN = 5;
const DAY = 24 * 3600 * 1000;
/** Milliseconds after which what was delivered is forgotten, and after which findings are. */
const KEEP_SUBMISSIONS = DAY;
const KEEP_FINDINGS = 180 * DAY;
/** A result that ended with "a person is needed" answers the same content for so long. */
const KEEP_GIVEN_UP = DAY;
/** Leases of a single process are only a mark: all are taken away at its start. */
const LEASE_SECONDS = 7 * 24 * 3600;

export type NewSubmission = Pick<
  SubmissionRow,
  "id" | "sha256" | "name" | "type" | "size" | "urgency" | "ticket" | "submitter"
>;

/** What the queue knows of a sample. */
export interface QueuedSample extends Pick<SubmissionRow, "name" | "type" | "size"> {
  readonly id: CaseId;
  /** Missing in jobs of an older version. */
  readonly submitter?: string | null;
}

export interface Finding {
  readonly sha256: string;
  readonly type: string;
  readonly report: ImmunizeReport;
  readonly prescription: Prescription | null;
  readonly sketch: string | null;
}

export class IntakeStore {
  readonly #db: Kysely<IntakeDatabase>;
  readonly #version: string;
  readonly #now: () => number;

  private constructor(db: Kysely<IntakeDatabase>, version: string, now: () => number) {
    this.#db = db;
    this.#version = version;
    this.#now = now;
  }

  /** @param version digest of program and chamber: findings of another one do not count @throws ThymusError */
  static async open(file: string, version: string, now: () => number): Promise<IntakeStore> {
    const db = await openDatabase<IntakeDatabase>(file, intakeMigrations);
    const store = new IntakeStore(db, version, now);
    await createQueue(db, now).release([ANALYSE]);
    await store.prune();
    return store;
  }

  close(): Promise<void> {
    return this.#db.destroy();
  }

  async submission(id: string): Promise<SubmissionRow | null> {
    const row = await this.#db.selectFrom("submission").selectAll().where("id", "=", id).executeTakeFirst();
    return row ?? null;
  }

  /** The giver of a submission has another ticket now. */
  async renewTicket(id: string, ticket: string): Promise<void> {
    await this.#db.updateTable("submission").set({ ticket }).where("id", "=", id).execute();
  }

  async forget(id: string): Promise<void> {
    await this.#db.deleteFrom("submission").where("id", "=", id).execute();
  }

  /** What is remembered of this content and still counts, or null. */
  async finding(sha256: string) {
    const row = await this.#db
      .selectFrom("finding")
      .selectAll()
      .where("sha256", "=", sha256)
      .executeTakeFirst();
    if (!row) return null;
    const report = reportOf(row.report);
    if (!report) return null;
    // A proved prescription stays proved; every other result is made anew by a newer program or chamber.
    if (!row.prescription && row.version !== this.#version) return null;
    if (report.gaveUp && row.found + KEEP_GIVEN_UP < this.#now()) return null;
    if (row.prescription && !(await this.#active(row.prescription))) return null;
    return { report, prescription: row.prescription ? PrescriptionId.parse(row.prescription) : null };
  }

  /** Whether any analysis that is remembered, also one that counts no more, found this content other than harmless. */
  async everHarmful(sha256: string): Promise<boolean> {
    const row = await this.#db
      .selectFrom("finding")
      .select("sha256")
      .where("sha256", "=", sha256)
      .where("verdict", "<>", "harmless")
      .executeTakeFirst();
    return row !== undefined;
  }

  async #active(prescription: string): Promise<boolean> {
    const rule = await this.#db
      .selectFrom("rule")
      .select("recalled")
      .where("prescription", "=", prescription)
      .executeTakeFirst();
    return rule?.recalled === 0;
  }

  async rules(): Promise<TriageRule[]> {
    const rows = await this.#db.selectFrom("rule").selectAll().where("recalled", "=", 0).execute();
    return rows.map(({ prescription, source, scope }) => ({
      prescription: PrescriptionId.parse(prescription),
      source,
      scope: z.array(FileType).parse(JSON.parse(scope)),
    }));
  }

  /** The report from which answers by this rule are made, or null where it is recalled. */
  async ruleReport(prescription: string): Promise<ImmunizeReport | null> {
    const row = await this.#db
      .selectFrom("rule")
      .innerJoin("finding", "finding.sha256", "rule.sha256")
      .select("finding.report")
      .where("rule.prescription", "=", prescription)
      .where("rule.recalled", "=", 0)
      .executeTakeFirst();
    return row ? reportOf(row.report) : null;
  }

  /** These prescriptions were withdrawn: nothing is answered by them any more. @returns whether that was new */
  async recall(prescriptions: readonly string[]): Promise<boolean> {
    if (prescriptions.length === 0) return false;
    const result = await this.#db
      .updateTable("rule")
      .set({ recalled: 1 })
      .where("prescription", "in", prescriptions)
      .where("recalled", "=", 0)
      .executeTakeFirst();
    return result.numUpdatedRows > 0n;
  }

  /** Contents that wait for a chamber, running ones included, with their sketches. */
  async waitingSketches() {
    return this.#db
      .selectFrom("sketch")
      .innerJoin("job", (join) => join.onRef("job.key", "=", "sketch.sha256").on("job.kind", "=", ANALYSE))
      .select(["sketch.sha256", "sketch.type", "sketch.size", "sketch.sketch"])
      .where("job.state", "=", "waiting")
      .execute();
  }

  /** Whether this content waits or runs. */
  async isWaiting(sha256: string): Promise<boolean> {
    return (await createQueue(this.#db, this.#now).find(ANALYSE, sha256))?.state === "waiting";
  }

  async recordAnswer(row: NewSubmission, answer: Answered): Promise<void> {
    const now = this.#now();
    await this.#db
      .insertInto("submission")
      .values({
        ...row,
        ...{
          state: "answered",
          into_sha256: null,
          near: 0,
          submitted: now,
          delivered: row.ticket === null ? 1 : 0,
        },
        ...answered(answer, now),
      })
      .execute();
  }

  /** Puts a submission into the queue, or behind the content `into`. */
  async enqueue(row: NewSubmission, sketch: string | null): Promise<void> {
    await this.#db.transaction().execute(async (trx) => {
      await trx
        .insertInto("submission")
        .values(this.#open(row, "queued", null, false))
        .execute();
      await this.#queue(trx, row, sketch);
    });
  }

  async fold(row: NewSubmission, into: string, near: boolean): Promise<void> {
    await this.#db.transaction().execute(async (trx) => {
      await trx
        .insertInto("submission")
        .values(this.#open(row, "folded", into, near))
        .execute();
      if (!near) await createQueue(trx, this.#now).raise(ANALYSE, into, row.urgency);
    });
  }

  #open(row: NewSubmission, state: "queued" | "folded", into: string | null, near: boolean): SubmissionRow {
    const none = { answered: null, answered_by: null, report: null, prescription: null, delivered: 0 };
    return { ...row, ...none, state, into_sha256: into, near: near ? 1 : 0, submitted: this.#now() };
  }

  async #queue(trx: Kysely<IntakeDatabase>, row: NewSubmission, sketch: string | null): Promise<void> {
    const { id, name, type, size, submitter } = row;
    const payload = { id, name, type, size, submitter };
    await createQueue(trx, this.#now).enqueue(ANALYSE, row.sha256, payload, row.urgency, {
      maxAttempts: MOST_BEGUN,
    });
    if (sketch === null) return;
    await trx
      .insertInto("sketch")
      .values({ sha256: row.sha256, type: row.type, size: row.size, sketch })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  claim(): Promise<Job | null> {
    return createQueue(this.#db, this.#now).claim([ANALYSE], LEASE_SECONDS);
  }

  giveBack(job: Job, why: string, retryAfterSeconds: number): Promise<void> {
    return createQueue(this.#db, this.#now).fail(job.id, job.lease, why, { retryAfterSeconds });
  }

  /** Contents whose analysis was begun as often as allowed. */
  exhausted() {
    return createQueue(this.#db, this.#now).exhausted([ANALYSE]);
  }

  /**
   * The end of an analysis: remembers it, answers every submission of this content, ends its job. `remember` is false
   * for what says nothing about the content (a failure of ours).
   * @returns ids of what was answered
   */
  async finish(finding: Finding, remember: boolean): Promise<CaseId[]> {
    const { sha256, report, prescription } = finding;
    return this.#db.transaction().execute(async (trx) => {
      const now = this.#now();
      if (remember) await this.#remember(trx, finding, now);
      const rows = await trx
        .selectFrom("submission")
        .selectAll()
        .where("sha256", "=", sha256)
        .where("state", "<>", "answered")
        .execute();
      for (const row of rows) {
        const own = row.id === report.case;
        const answer: Answered = {
          state: "answered",
          by: own ? "analysis" : "same",
          report: own
            ? report
            : retold(report, row.id as CaseId, report.sample, `the same content as ${report.case}`),
          prescription: prescription?.id ?? null,
        };
        await this.#answer(trx, row, answer, now);
      }
      await createQueue(trx, this.#now).forget(ANALYSE, sha256);
      await trx.deleteFrom("sketch").where("sha256", "=", sha256).execute();
      return rows.map(({ id }) => id as CaseId);
    });
  }

  async #remember(trx: Kysely<IntakeDatabase>, finding: Finding, now: number): Promise<void> {
    const { sha256, type, report, prescription, sketch } = finding;
    const kept = {
      ...{ type, verdict: report.verdict, family: report.family, prescription: prescription?.id ?? null },
      ...{ report: JSON.stringify(report), sketch, version: this.#version, found: now },
    };
    await trx
      .insertInto("finding")
      .values({ sha256, ...kept })
      .onConflict((conflict) => conflict.column("sha256").doUpdateSet(kept))
      .execute();
    if (!prescription) return;
    const { id, family, detect } = prescription;
    await trx
      .insertInto("rule")
      .values({
        ...{ prescription: id, family, source: detect.rule, scope: JSON.stringify(detect.scope) },
        ...{ sha256, recalled: 0 },
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  async #answer(
    trx: Kysely<IntakeDatabase>,
    row: SubmissionRow,
    answer: Answered,
    now: number,
  ): Promise<void> {
    await trx
      .updateTable("submission")
      .set({ state: "answered", delivered: row.ticket === null ? 1 : 0, ...answered(answer, now) })
      .where("id", "=", row.id)
      .execute();
  }

  /** Answers what was folded by a rule that hits it. */
  async answerFolded(row: SubmissionRow, answer: Answered): Promise<void> {
    await this.#answer(this.#db, row, answer, this.#now());
  }

  /** What was folded waits in the queue from now on: nothing but an analysis of its own answers it. */
  async unfold(row: SubmissionRow, sketch: string | null): Promise<void> {
    await this.#db.transaction().execute(async (trx) => {
      await trx
        .updateTable("submission")
        .set({ state: "queued", into_sha256: null, near: 0 })
        .where("id", "=", row.id)
        .execute();
      await this.#queue(trx, row, sketch);
    });
  }

  /** Folded behind a content that neither waits nor runs any more. */
  async orphans(): Promise<SubmissionRow[]> {
    return this.#db
      .selectFrom("submission")
      .leftJoin("job", (join) =>
        join
          .onRef("job.key", "=", "submission.into_sha256")
          .on("job.kind", "=", ANALYSE)
          .on("job.state", "=", "waiting"),
      )
      .selectAll("submission")
      .where("submission.state", "=", "folded")
      .where("job.id", "is", null)
      .orderBy("submission.urgency", "desc")
      .orderBy("submission.submitted")
      .execute();
  }

  /** Submissions without an answer: a lower bound for what the folder of samples must hold. */
  async open(): Promise<SubmissionRow[]> {
    return this.#db.selectFrom("submission").selectAll().where("state", "<>", "answered").execute();
  }

  async counts(): Promise<{ queued: number; folded: number }> {
    const rows = await this.#db
      .selectFrom("submission")
      .select((select) => ["state" as const, select.fn.countAll<number>().as("count")])
      .where("state", "<>", "answered")
      .groupBy("state")
      .execute();
    const of = (state: string) => Number(rows.find((row) => row.state === state)?.count ?? 0);
    return { queued: of("queued"), folded: of("folded") };
  }

  /** Contents in the queue, running ones included. */
  depth(): Promise<number> {
    return createQueue(this.#db, this.#now).depth([ANALYSE]);
  }

  async undelivered(): Promise<SubmissionRow[]> {
    return this.#db
      .selectFrom("submission")
      .selectAll()
      .where("state", "=", "answered")
      .where("delivered", "=", 0)
      .execute();
  }

  async delivered(id: string): Promise<void> {
    await this.#db.updateTable("submission").set({ delivered: 1 }).where("id", "=", id).execute();
  }

  /** Forgets what nobody can ask for any more. */
  async prune(): Promise<void> {
    const now = this.#now();
    await this.#db
      .deleteFrom("submission")
      .where("state", "=", "answered")
      .where("delivered", "=", 1)
      .where("answered", "<", now - KEEP_SUBMISSIONS)
      .execute();
    await this.#db
      .deleteFrom("finding")
      .where("found", "<", now - KEEP_FINDINGS)
      .where("prescription", "is", null)
      .execute();
  }
}
