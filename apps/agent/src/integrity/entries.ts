/** Single entries of a tree, through the agent's own connection: what happens one file at a time. Paths here are ordinary text. */
import { sql } from "kysely";
import type { Database } from "../state/open.ts";
import { byteString, splitPath } from "./byte-string.ts";

export interface Entry {
  readonly stamp: string;
  /** base64url */
  readonly sha256: string | null;
  readonly program: number;
}

export async function entryAt(db: Database, path: string): Promise<Entry | null> {
  const { folder, name } = splitPath(byteString(path));
  const row = await db
    .selectFrom("tree_entry")
    .innerJoin("tree_folder", "tree_folder.id", "tree_entry.folder")
    .select(["stamp", "sha256", "program"])
    .where("tree_folder.path", "=", folder)
    .where("name", "=", name)
    .executeTakeFirst();
  return row ?? null;
}

export function recordEntry(db: Database, path: string, entry: Entry): Promise<void> {
  return recordBytes(db, byteString(path), entry);
}

/** @param path a byte string */
export async function recordBytes(db: Database, path: string, entry: Entry): Promise<void> {
  const { folder, name } = splitPath(path);
  const values = { stamp: entry.stamp, sha256: entry.sha256, program: entry.program, run: 0 };
  await db
    .insertInto("tree_folder")
    .values({ path: folder })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await db
    .insertInto("tree_entry")
    .columns(["folder", "name", "stamp", "sha256", "program", "run"])
    .expression((eb) =>
      eb
        .selectFrom("tree_folder")
        .select((of) => [
          "id",
          of.val(name).as("name"),
          of.val(values.stamp).as("stamp"),
          of.val(values.sha256).as("sha256"),
          of.val(values.program).as("program"),
          of.val(0).as("run"),
        ])
        .where("path", "=", folder),
    )
    .onConflict((conflict) => conflict.columns(["folder", "name"]).doUpdateSet(values))
    .execute();
}

export function forgetEntry(db: Database, path: string): Promise<void> {
  return forgetBytes(db, byteString(path));
}

/** @param path a byte string */
export async function forgetBytes(db: Database, path: string): Promise<void> {
  const { folder, name } = splitPath(path);
  await db
    .deleteFrom("tree_entry")
    .where("folder", "=", (eb) => eb.selectFrom("tree_folder").select("id").where("path", "=", folder))
    .where("name", "=", name)
    .execute();
}

/** True where a path, or a folder around it, was recorded: then what is not known there appeared. */
export async function isCovered(db: Database, path: string): Promise<boolean> {
  for (let at = path; at !== "/" && at !== ""; at = splitPath(at).folder)
    if ((await entryAt(db, at)) !== null) return true;
  return false;
}

/** Records entries of many paths by a few statements. */
export async function recordEntries(
  db: Database,
  entries: readonly (Entry & { readonly path: string })[],
): Promise<void> {
  const parts = entries.map(({ path, ...entry }) => ({ ...entry, ...splitPath(byteString(path)) }));
  const folders = JSON.stringify([...new Set(parts.map(({ folder }) => folder))]);
  await sql`insert into tree_folder (path) select value from json_each(${folders}) where true on conflict do nothing`.execute(
    db,
  );
  await sql`insert into tree_entry (folder, name, stamp, sha256, program, run)
    select tree_folder.id, new.value ->> 'name', new.value ->> 'stamp', new.value ->> 'sha256', new.value ->> 'program', 0
      from json_each(${JSON.stringify(parts)}) as new cross join tree_folder on tree_folder.path = new.value ->> 'folder' where true
    on conflict (folder, name) do update set stamp = excluded.stamp, sha256 = excluded.sha256, program = excluded.program, run = 0`.execute(
    db,
  );
}

/** Forgets many paths by a few statements. @param vanished those of them at which nothing lies any more: what was below is forgotten as well */
export async function forgetEntries(
  db: Database,
  paths: readonly string[],
  vanished: readonly string[],
): Promise<void> {
  const parts = JSON.stringify(paths.map((path) => splitPath(byteString(path))));
  await sql`delete from tree_entry where (folder, name) in (
    select tree_folder.id, gone.value ->> 'name' from json_each(${parts}) as gone
      cross join tree_folder on tree_folder.path = gone.value ->> 'folder')`.execute(db);
  const tops = JSON.stringify(vanished.map(byteString));
  const below = sql`select tree_folder.id from json_each(${tops}) as gone cross join tree_folder on tree_folder.path = gone.value
    union all
    select tree_folder.id from json_each(${tops}) as gone
      cross join tree_folder on tree_folder.path >= gone.value || '/' and tree_folder.path < gone.value || '0'`;
  await sql`delete from tree_entry where folder in (${below})`.execute(db);
  await sql`delete from tree_folder where id in (${below})`.execute(db);
}
