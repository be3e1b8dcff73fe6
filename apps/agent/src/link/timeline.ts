import { appendFileSync } from "node:fs";
import { rename, stat } from "node:fs/promises";
import { join } from "node:path";
import type { CaseId, Logger } from "@thymus/contracts";
import type { Database } from "../state/open.ts";

/** Events that the database keeps once they were told, and while nobody can be told; events.ndjson has more. */
const MAX_KEPT = 10_000;
const MAX_WAITING = 100_000;
/** Bytes of events.ndjson; beyond, it becomes events.ndjson.1 in place of that of before. */
const MAX_FILE_BYTES = 64 << 20;
/** Events between two looks at what has grown too large. */
const LOOK = 500;
/** Events that are written down together. */
const TOGETHER = 256;

interface Note {
  readonly what: string;
  /** Only this machine needs to know. */
  readonly local: boolean;
}

/** What happened here, in order: appended to events.ndjson, and told to the server where it matters there. */
export class Timeline {
  readonly #file: string;
  readonly #log: Logger;
  #noted = 0;
  /** Called when something waits to be told. */
  onEvent: () => void = () => {};

  constructor(dataDir: string, log: Logger) {
    this.#file = join(dataDir, "events.ndjson");
    this.#log = log;
  }

  /** Takes part in the transaction that `db` is. @param local true for what only this machine needs to know */
  async note(db: Database, caseId: CaseId | string | null, what: string, local = false): Promise<void> {
    await this.#noteSome(db, caseId, [{ what, local }]);
  }

  /** Notes what happened at once, in this order, about no case. */
  async noteAll(db: Database, notes: readonly Note[]): Promise<void> {
    for (let at = 0; at < notes.length; at += TOGETHER)
      await this.#noteSome(db, null, notes.slice(at, at + TOGETHER));
  }

  async #noteSome(db: Database, caseId: CaseId | string | null, notes: readonly Note[]): Promise<void> {
    const at = new Date().toISOString();
    const events = notes.map(({ what, local }) => ({
      case_id: caseId,
      at,
      what: what.slice(0, 2048),
      sent: local ? 1 : 0,
    }));
    await db.insertInto("event").values(events).execute();
    const lines = events.map(({ what }) => `${JSON.stringify({ at, case: caseId, what })}\n`);
    try {
      // At once: whoever waits for the transaction around it would wait for three turns of the thread pool each.
      appendFileSync(this.#file, lines.join(""), { mode: 0o600 });
    } catch (error) {
      this.#log.warn("events.ndjson cannot be written", { why: (error as Error).message });
    }
    const looked = Math.ceil(this.#noted / LOOK);
    this.#noted += events.length;
    if (Math.ceil(this.#noted / LOOK) > looked) await this.#bound(db);
    for (const { what } of events) this.#log.info(what, caseId ? { case: caseId } : {});
    this.onEvent();
  }

  /** Weeks without a server must not fill the disk. */
  async #bound(db: Database): Promise<void> {
    const { size } = await stat(this.#file).catch(() => ({ size: 0 }));
    if (size > MAX_FILE_BYTES) await rename(this.#file, `${this.#file}.1`).catch(() => {});
    const row = await db
      .selectFrom("event")
      .select((eb) => eb.fn.max("id").as("newest"))
      .executeTakeFirst();
    const oldest = Number(row?.newest ?? 0) - MAX_WAITING;
    if (oldest > 0) await db.deleteFrom("event").where("id", "<=", oldest).execute();
  }

  /**
   * Events that can be told now, oldest first: those of a case only once the server knows it. `case_id` is null for a
   * case that ended before it was announced.
   */
  async waiting(db: Database, limit: number) {
    const rows = await db
      .selectFrom("event")
      .leftJoin("suspect_case", "suspect_case.id", "event.case_id")
      .select(["event.id", "event.case_id", "event.at", "event.what", "suspect_case.announced"])
      .where("event.sent", "=", 0)
      .where((eb) =>
        eb.or([
          eb("suspect_case.id", "is", null),
          eb("suspect_case.announced", "=", 1),
          eb("suspect_case.step", "=", "closed"),
        ]),
      )
      .orderBy("event.id")
      .limit(limit)
      .execute();
    return rows.map(({ announced, ...row }) => ({ ...row, case_id: announced === 1 ? row.case_id : null }));
  }

  async sent(db: Database, ids: readonly number[]): Promise<void> {
    await db
      .updateTable("event")
      .set({ sent: 1 })
      .where("id", "in", [...ids])
      .execute();
    const oldest = Math.max(...ids) - MAX_KEPT;
    if (oldest > 0) await db.deleteFrom("event").where("id", "<=", oldest).execute();
  }
}
