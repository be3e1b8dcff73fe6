import { parseJsonDocument, ReportOutcome } from "@thymus/contracts";
import { failpoint } from "@thymus/store";
import type { Database } from "../state/open.ts";
import type { Outbox } from "./outbox.ts";
import type { Server } from "./server.ts";
import type { Timeline } from "./timeline.ts";

const EVENTS_AT_ONCE = 500;
/** Bytes of all events of one message, well below its limit of 1 MiB, and of what is around the words of one. */
const MAX_EVENTS_BYTES = 512 * 1024;
const EVENT_BYTES = 128;

/** One round of everything that this machine has to tell: cases, outcomes, events. @returns when something is due again */
export async function tellServer(
  db: Database,
  server: Server,
  outbox: Outbox,
  timeline: Timeline,
): Promise<number | null> {
  const { link, enrolment } = server;
  const due = await outbox.advance({ link, machine: enrolment.machine, recipient: enrolment.recipient });
  await reportOutcomes(db, server);
  await reportEvents(db, server, timeline);
  return due;
}

async function reportOutcomes(db: Database, { link }: Server): Promise<void> {
  const rows = await db.selectFrom("outcome").selectAll().where("sent", "=", 0).execute();
  for (const { prescription, body } of rows) {
    await link.send(parseJsonDocument(ReportOutcome, body, `outcome of ${prescription}`));
    await failpoint("agent.reported");
    await db
      .updateTable("outcome")
      .set({ sent: 1 })
      .where("prescription", "=", prescription)
      .where("body", "=", body)
      .execute();
  }
}

/** How many of the first events fit into one message; at least one, since one always fits. */
export function fitting(events: readonly { readonly what: string }[]): number {
  let bytes = 0;
  const over = events.findIndex(({ what }) => {
    bytes += EVENT_BYTES + Buffer.byteLength(JSON.stringify(what));
    return bytes > MAX_EVENTS_BYTES;
  });
  return over === -1 ? events.length : Math.max(1, over);
}

async function reportEvents(db: Database, { link }: Server, timeline: Timeline): Promise<void> {
  for (;;) {
    const waiting = await timeline.waiting(db, EVENTS_AT_ONCE);
    if (waiting.length === 0) return;
    const rows = waiting.slice(0, fitting(waiting));
    const events = rows.map((row) => ({ case: row.case_id as never, at: row.at, what: row.what }));
    await link.send({ type: "events", events });
    await timeline.sent(
      db,
      rows.map(({ id }) => id),
    );
  }
}
