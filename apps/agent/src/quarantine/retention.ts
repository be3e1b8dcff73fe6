import type { Timeline } from "../link/timeline.ts";
import type { Database } from "../state/open.ts";
import type { Quarantine } from "./quarantine.ts";

export interface RetentionOptions {
  readonly db: Database;
  readonly quarantine: Quarantine;
  readonly timeline: Timeline;
  /** agent.quarantineDays; 0 keeps everything. */
  readonly days: number;
}

const DAY = 86_400_000;
/** More than these are told to the server as one; each is in events.ndjson. */
const TOLD_APART = 20;

/**
 * Deletes what has lain in quarantine for longer than the owner wants, and says so. What a case still has to send, and what is being
 * worked on, stays.
 * @returns how many entries ended
 */
export async function deleteOld(
  { db, quarantine, timeline, days }: RetentionOptions,
  now = Date.now(),
): Promise<number> {
  if (days === 0) return 0;
  const before = new Date(now - days * DAY).toISOString();
  const objects: string[] = [];
  const ended = await db.transaction().execute(async (trx) => {
    const rows = await trx
      .updateTable("quarantine")
      .set({ state: "deleted" })
      .where("state", "in", ["held", "repaired"])
      .where("at", "<", before)
      .where("id", "not in", (eb) =>
        eb
          .selectFrom("suspect_case")
          .select("source")
          .where("step", "!=", "closed")
          .where("source", "is not", null)
          .$castTo<{ source: string }>(),
      )
      .where("id", "not in", (eb) => eb.selectFrom("operation").select("quarantine"))
      .returning(["id", "file", "object"])
      .execute();
    for (const { id, file, object } of rows) {
      objects.push(object);
      const { path } = JSON.parse(file) as { path: string };
      const what = `deleted from quarantine after ${days} days: ${path} (${id})`;
      await timeline.note(trx, null, what, rows.length > TOLD_APART);
    }
    if (rows.length > TOLD_APART)
      await timeline.note(trx, null, `deleted ${rows.length} files from quarantine after ${days} days`);
    return rows.length;
  });
  await quarantine.drop(...objects);
  return ended;
}
