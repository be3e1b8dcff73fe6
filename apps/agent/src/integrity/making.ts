/** The making of a baseline, as it is remembered from one start to the next until it is done. */
import { readMeta, writeMeta } from "../state/meta.ts";
import type { Database } from "../state/open.ts";

export interface Making {
  /** What was recorded in it bears this number. */
  readonly run: number;
  readonly started: string;
  readonly resumed: boolean;
}

const keyOf = (top: string) => `baseline-making:${top}`;
const LAST = "baseline-making";

/** @param anew whether what an interrupted one recorded is read again */
export async function beginMaking(db: Database, top: string, anew = false): Promise<Making> {
  const before = await readMeta(db, keyOf(top));
  if (before !== null && !anew) {
    const [run, started] = before.split(" ") as [string, string];
    return { run: Number(run), started, resumed: true };
  }
  return await db.transaction().execute(async (trx) => {
    const run = Number((await readMeta(trx, LAST)) ?? 0) + 1;
    const started = new Date().toISOString();
    await writeMeta(trx, LAST, String(run));
    await writeMeta(trx, keyOf(top), `${run} ${started}`);
    return { run, started, resumed: false };
  });
}

export async function endMaking(db: Database, top: string): Promise<void> {
  await db.deleteFrom("meta").where("key", "=", keyOf(top)).execute();
}
