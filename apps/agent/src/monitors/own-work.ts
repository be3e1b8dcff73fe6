import { basename, dirname } from "node:path";
import type { Database } from "../state/open.ts";

/** True for a file that an unfinished repair or restore, also of another process, is about. */
export async function isOwnWork(db: Database, path: string): Promise<boolean> {
  return (await ownWork(db))(path);
}

/** As isOwnWork, for many paths. */
export async function ownWork(db: Database): Promise<(path: string) => boolean> {
  const rows = await db.selectFrom("operation").select(["path", "temporary"]).execute();
  // A temporary file carries the name of its file until it takes its place.
  return (path) =>
    rows.some(
      (row) => row.path === path || (row.temporary === basename(path) && dirname(row.path) === dirname(path)),
    );
}
