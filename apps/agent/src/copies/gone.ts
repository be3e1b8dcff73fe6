import { factsAt } from "../files/regular.ts";
import type { Database } from "../state/open.ts";

/** Days after which the copies of a file that is gone may make room for others. */
export const GONE_DAYS = 30;
const GONE_MS = GONE_DAYS * 24 * 3600 * 1000;

/** True where no file lies there any more; what cannot be looked at is not gone. */
const isGone = (path: string): Promise<boolean> =>
  factsAt(path).then(
    (facts) => facts === null,
    () => false,
  );

/** Writes down since when copied files are gone, and forgets it of those that are back. `wanted`: whether a path is copied at all. */
export async function noteGone(db: Database, wanted: (path: string) => boolean, now: number): Promise<void> {
  const paths = await db.selectFrom("copy").select("path").distinct().execute();
  const gone: string[] = [];
  for (const { path } of paths) if (!wanted(path) || (await isGone(path))) gone.push(path);
  const since = new Date(now).toISOString();
  const still = new Set(gone);
  await db.transaction().execute(async (trx) => {
    const noted = await trx.selectFrom("copy_gone").select("path").execute();
    for (const { path } of noted)
      if (!still.delete(path)) await trx.deleteFrom("copy_gone").where("path", "=", path).execute();
    for (const path of still) await trx.insertInto("copy_gone").values({ path, since }).execute();
  });
}

/** Copied paths that are gone for GONE_DAYS, and now. */
export async function longGone(
  db: Database,
  wanted: (path: string) => boolean,
  now: number,
): Promise<Set<string>> {
  const before = new Date(now - GONE_MS).toISOString();
  const rows = await db.selectFrom("copy_gone").select("path").where("since", "<=", before).execute();
  const gone = new Set<string>();
  for (const { path } of rows) if (!wanted(path) || (await isGone(path))) gone.add(path);
  return gone;
}
