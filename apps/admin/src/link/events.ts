import { createHash } from "node:crypto";
import { MachineId, parseDocument, type ReportEvents } from "@thymus/contracts";
import { writeHistory } from "../cases/apply.ts";
import type { CaseState } from "../cases/machine.ts";
import type { Change, State } from "../state/state.ts";

/** Entries that machines may add to one case, and events kept of one machine. */
const MAX_ENTRIES = 2000;
const MAX_EVENTS = 10_000;

/** Takes events for the timeline of a case or of the machine. The same event again is not written again. */
export async function recordEvents(state: State, machine: string, report: ReportEvents): Promise<void> {
  await state.change(async (change) => {
    for (const event of report.events) {
      const at = Date.parse(event.at);
      const text = JSON.stringify([machine, event.case, event.at, event.what]);
      const digest = createHash("sha256").update(text).digest("hex");
      const result = await change.db
        .insertInto("machine_event")
        .values({ machine, incident: event.case, at, what: event.what, digest })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      const fresh = (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
      if (fresh && event.case) await addToCase(change, machine, event.case, event.what);
    }
    await prune(change, machine);
    if (report.events.length > 0) change.tell({ type: "machine", id: machine });
  });
}

async function addToCase(change: Change, machine: string, id: string, what: string): Promise<void> {
  const row = await change.db
    .selectFrom("opening")
    .innerJoin("incident", "incident.id", "opening.incident")
    .select(["incident.id", "incident.stage"])
    .where("opening.id", "=", id)
    // Nobody writes into the history of a case that is not his.
    .where("opening.machine", "=", machine)
    .executeTakeFirst();
  if (!row) return;
  const { entries } = await change.db
    .selectFrom("history")
    .select((select) => select.fn.countAll<number>().as("entries"))
    .where("incident", "=", row.id)
    .executeTakeFirstOrThrow();
  if (entries >= MAX_ENTRIES) return;
  const stage = row.stage as CaseState["stage"];
  await writeHistory(change, row.id, { stage, machine: parseDocument(MachineId, machine, "machine"), what });
  change.tell({ type: "case", id: row.id, stage });
}

async function prune(change: Change, machine: string): Promise<void> {
  const oldest = await change.db
    .selectFrom("machine_event")
    .select("at")
    .where("machine", "=", machine)
    .orderBy("at", "desc")
    .offset(MAX_EVENTS)
    .limit(1)
    .executeTakeFirst();
  if (!oldest) return;
  await change.db
    .deleteFrom("machine_event")
    .where("machine", "=", machine)
    .where("at", "<=", oldest.at)
    .execute();
}
