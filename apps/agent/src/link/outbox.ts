import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { asThymusError, type CaseId, type Logger, type MachineId } from "@thymus/contracts";
import { failpoint, writeFileAtomic } from "@thymus/store";
import { type LinkClient, sealSample } from "@thymus/trust";
import { readRegular, sha256Of } from "../files/regular.ts";
import type { Quarantine } from "../quarantine/quarantine.ts";
import type { Database } from "../state/open.ts";
import type { CaseStep } from "../state/schema.ts";
import { type CaseRow, type Cases, sampleOf } from "../suspicion/cases.ts";
import type { Timeline } from "./timeline.ts";

export interface OutboxOptions {
  readonly db: Database;
  readonly cases: Cases;
  readonly quarantine: Quarantine;
  readonly timeline: Timeline;
  readonly log: Logger;
  /** DIR/agent/outbox */
  readonly folder: string;
  readonly maxBytes: number;
  readonly requeue: (root: string, paths: Iterable<string>) => void;
}

/** To whom and through what samples go; null parts: not known yet, so the case waits. */
export interface Destination {
  readonly link: LinkClient;
  readonly machine: MachineId;
  readonly recipient: string | null;
}

const MAX_DELAY = 60_000;
/** Milliseconds after which a person is told of a case that cannot be sent. */
const LONG = 3_600_000;

/**
 * Brings each case to the server, step by step: copied, sealed, opened, uploaded. Every step is written down before the
 * next and can be repeated, so that a crash or a lost answer changes nothing in the end.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  /** Called when something waits to be sent. */
  wake: () => void = () => {};

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  #plain(id: string): string {
    return join(this.#options.folder, `${id}.sample`);
  }
  #sealed(id: string): string {
    return join(this.#options.folder, `${id}.age`);
  }

  async #step(id: string, step: CaseStep): Promise<void> {
    await this.#options.db
      .updateTable("suspect_case")
      .set({ step, attempts: 0, next_try: 0, changed: new Date().toISOString() })
      .where("id", "=", id)
      .where("step", "!=", "closed")
      .execute();
  }

  /** After a start: copies what was about to be copied, and removes copies that no case needs any more. */
  async resume(): Promise<void> {
    const rows = await this.#options.db
      .selectFrom("suspect_case")
      .select(["id", "step"])
      .where("step", "in", ["suspected", "spooled", "sealed", "opened"])
      .execute();
    for (const row of rows) if (row.step === "suspected") await this.spool(row.id as CaseId);
    const needed = new Set(rows.flatMap(({ id }) => [`${id}.sample`, `${id}.age`]));
    for (const name of await readdir(this.#options.folder).catch(() => []))
      if (!needed.has(name)) await rm(join(this.#options.folder, name), { force: true });
  }

  /** Copies the sample's bytes, so that nothing that happens to the file can change the case. */
  async spool(id: CaseId): Promise<void> {
    const { cases, folder, log, requeue } = this.#options;
    const row = await cases.get(id);
    if (row?.step !== "suspected") return;
    const bytes = await this.#bytes(row);
    if (!bytes) {
      // It changed or went between the suspicion and the copy: the incident is judged anew as it is now.
      const members = await cases.members(id);
      await cases.drop(id);
      log.warn("the sample of a case changed before it was copied", { case: id, path: row.path });
      requeue(
        row.root,
        members.map(({ path }) => path),
      );
      return;
    }
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFileAtomic(this.#plain(id), bytes);
    await this.#step(id, "spooled");
    await failpoint("agent.spooled");
  }

  async #bytes(row: CaseRow): Promise<Buffer | null> {
    const { quarantine } = this.#options;
    if (row.source)
      return quarantine
        .row(row.source)
        .then((entry) => quarantine.bytes(entry))
        .catch(() => null);
    const content = await readRegular(row.path, this.#options.maxBytes).catch(() => null);
    return content?.whole && sha256Of(content.bytes) === row.sha256 ? content.bytes : null;
  }

  /** Does what can be done now. @returns milliseconds until something is due again, or null */
  async advance(to: Destination): Promise<number | null> {
    const rows = await this.#options.db
      .selectFrom("suspect_case")
      .selectAll()
      .where("step", "in", ["spooled", "sealed", "opened"])
      .orderBy("opened")
      .execute();
    let due: number | null = null;
    for (const row of rows) {
      // A clock that was set back must not make a case wait for years.
      const wait = Math.min(row.next_try - Date.now(), 1.25 * MAX_DELAY);
      const next = wait > 0 ? wait : await this.#tryCase(row, to);
      if (next !== null) due = Math.min(due ?? next, next);
    }
    return due;
  }

  async #tryCase(row: CaseRow, to: Destination): Promise<number | null> {
    const { db, cases, log, timeline } = this.#options;
    try {
      await this.#walk(row, to);
      return null;
    } catch (thrown) {
      const error = asThymusError(thrown);
      // Only what this machine finds or the server says sealed: what somebody between answers is UNREACHABLE.
      if (error.code === "TOO_LARGE" || error.code === "FORBIDDEN" || error.code === "NOT_FOUND") {
        await cases.close(row.id, { outcome: "gave-up", verdict: null, why: error.message });
        await timeline.note(db, row.id, `not submitted: ${error.code}: ${error.message}`);
        await this.forget(row.id);
        return null;
      }
      const delay = Math.min(MAX_DELAY, 500 * 2 ** Math.min(row.attempts, 10)) * (0.75 + Math.random() / 2);
      log.warn("a case cannot be submitted yet", { case: row.id, code: error.code, why: error.message });
      await db
        .updateTable("suspect_case")
        .set({ attempts: row.attempts + 1, next_try: Math.round(Date.now() + delay) })
        .where("id", "=", row.id)
        .execute();
      return delay;
    }
  }

  /** What a person should know: cases that are tried for long, without the server having refused them. */
  async notices(): Promise<string[]> {
    const rows = await this.#options.db
      .selectFrom("suspect_case")
      .select("id")
      .where("step", "in", ["spooled", "sealed", "opened"])
      .where("attempts", ">", 0)
      .where("changed", "<", new Date(Date.now() - LONG).toISOString())
      .orderBy("opened")
      .execute();
    const [first] = rows;
    if (!first) return [];
    const more = rows.length > 1 ? ` and ${rows.length - 1} more` : "";
    return [
      `the sample of ${first.id}${more} cannot be sent for over an hour, and is tried again: look at what answers between this machine and the server`,
    ];
  }

  async #walk(row: CaseRow, to: Destination): Promise<void> {
    const id = row.id as CaseId;
    const { db, timeline } = this.#options;
    let step = row.step;
    if (step === "spooled") {
      if (!to.recipient) return;
      await sealSample(this.#plain(id), to.recipient, this.#sealed(id));
      await this.#step(id, "sealed");
      await failpoint("agent.sealed");
      step = "sealed";
    }
    if (step === "sealed") {
      const sample = sampleOf(row);
      const suspicion = { ...sample.suspicion, machine: to.machine };
      const reply = await to.link.send({ type: "open-case", id, sample: { ...sample, suspicion } });
      if (reply.type !== "case-opened") return;
      await db
        .updateTable("suspect_case")
        .set({ announced: 1, known: reply.known })
        .where("id", "=", id)
        .execute();
      step = reply.upload ? "opened" : "uploaded";
      await this.#step(id, step);
      if (!reply.upload) {
        await timeline.note(
          db,
          id,
          reply.known ? `known already: ${reply.known}` : "the sample is known already",
        );
        await this.forget(id);
      }
      await failpoint("agent.opened");
    }
    if (step === "opened") {
      await to.link.uploadSample(id, this.#sealed(id));
      await this.#step(id, "uploaded");
      await timeline.note(db, id, "the sample is submitted, sealed");
      await failpoint("agent.uploaded");
      await this.forget(id);
    }
  }

  /** Removes the copies of a case that needs them no more. */
  async forget(id: string): Promise<void> {
    await rm(this.#plain(id), { force: true });
    await rm(this.#sealed(id), { force: true });
  }
}
