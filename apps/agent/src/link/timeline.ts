import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import type { CaseId, Logger } from "@thymus/contracts";
import type { Database } from "../state/open.ts";

/** Events that wait for a server; older ones are given up first. */
const MAX_WAITING = 10_000;

/** What happened here, in order: appended to events.ndjson, and told to the server where it matters there. */
export class Timeline {
  readonly #file: string;
  readonly #log: Logger;
  /** Called when something waits to be told. */
  onEvent: () => void = () => {};

  constructor(dataDir: string, log: Logger) {
    this.#file = join(dataDir, "events.ndjson");
    this.#log = log;
  }

  /** Takes part in the transaction that `db` is. @param local true for what only this machine needs to know */
  async note(db: Database, caseId: CaseId | string | null, what: string, local = false): Promise<void> {
    const event = { case_id: caseId, at: new Date().toISOString(), what: what.slice(0, 2048) };
    await db
      .insertInto("event")
      .values({ ...event, sent: local ? 1 : 0 })
      .execute();
    const line = JSON.stringify({ at: event.at, case: caseId, what: event.what });
    await appendFile(this.#file, `${line}\n`, { mode: 0o600 }).catch((error: Error) =>
      this.#log.warn("events.ndjson cannot be written", { why: error.message }),
    );
    this.#log.info(event.what, caseId ? { case: caseId } : {});
    this.onEvent();
  }

  async waiting(db: Database, limit: number) {
    return db.selectFrom("event").selectAll().where("sent", "=", 0).orderBy("id").limit(limit).execute();
  }

  async sent(db: Database, upTo: number): Promise<void> {
    await db.updateTable("event").set({ sent: 1 }).where("id", "<=", upTo).execute();
    await db
      .deleteFrom("event")
      .where("sent", "=", 1)
      .where("id", "<=", upTo - MAX_WAITING)
      .execute();
  }
}
