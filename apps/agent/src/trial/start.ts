import { type Logger, THYMUS_VERSION } from "@thymus/contracts";
import type { ActivePrescriptions } from "../scanning/active.ts";
import type { Prescriptions } from "../scanning/prescriptions.ts";
import { readMeta, writeMeta } from "../state/meta.ts";
import type { Notices } from "../state/notices.ts";
import type { Database } from "../state/open.ts";
import { refusedHere } from "./dropped.ts";
import type { ContentMarks } from "./marks.ts";

export interface ContentOptions {
  readonly active: ActivePrescriptions;
  readonly db: Database;
  readonly log: Logger;
  readonly marks: ContentMarks;
  readonly notices: Notices;
  readonly prescriptions: Prescriptions;
}

/** Milliseconds of running after which content has proved itself: longer than crashes count together. */
const WELL = 660_000;

/**
 * Loads what is active, without that which ended the runs before this one, and notes from then on with what the agent runs well.
 * What is dropped is told to the server, and never loaded again.
 */
export async function startContent(options: ContentOptions): Promise<{ close(): Promise<void> }> {
  const { active, db, log, marks, notices, prescriptions } = options;
  if ((await readMeta(db, "version")) !== THYMUS_VERSION) {
    await prescriptions.wantUnread();
    await writeMeta(db, "version", THYMUS_VERSION);
  }
  const rows = await db.selectFrom("prescription").select("id").where("state", "=", "active").execute();
  for (const [id, why] of marks.toDrop(rows.map(({ id }) => id))) await prescriptions.drop(id, why);
  if (marks.none) {
    log.error("no content is loaded", { why: marks.none });
    notices.set("no-content", marks.none);
  }
  notices.from(() => refusedHere(db));
  await active.load();
  await prescriptions.dropBad();
  const isWell = () => marks.good(active.ids).catch((error: Error) => log.warn(error.message));
  // With no content loaded nothing was shown to be good.
  const timer = marks.none ? null : setInterval(isWell, WELL).unref();
  process.on("uncaughtExceptionMonitor", marks.dying);
  return {
    async close() {
      if (timer) clearInterval(timer);
      process.off("uncaughtExceptionMonitor", marks.dying);
      if (!marks.none) await isWell();
      marks.close();
    },
  };
}
