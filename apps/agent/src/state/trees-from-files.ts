import { type Kysely, sql } from "kysely";
import { byteString, splitPath } from "../integrity/byte-string.ts";

const tables = [
  "create table tree_folder (id integer primary key, path text not null unique) strict",
  `create table tree_entry (folder integer not null, name text not null, stamp text not null, sha256 text, program integer not null,
     run integer not null, primary key (folder, name)) strict, without rowid`,
];

interface Before {
  path: string;
  size: number;
  mtime_ns: string;
  ctime_ns: string;
  ino: string;
  mode: number;
  program: number;
  whole: number;
  sha256: string | null;
}

/** Rows that are read at a time. */
const PAGE = 2000;
const REGULAR = 0o100000;

/**
 * Trees for all files in place of one wide row for each: what was accepted before stays accepted. Owners were not recorded then: the
 * stamps have five parts. Of what is no program the old row goes.
 */
export async function treesFromFiles(db: Kysely<unknown>): Promise<void> {
  for (const table of tables) await sql.raw(table).execute(db);
  let last = "";
  for (;;) {
    const { rows } =
      await sql<Before>`select path, size, mtime_ns, ctime_ns, ino, mode, program, whole, sha256 from file
      where path > ${last} order by path limit ${PAGE}`.execute(db);
    for (const row of rows) await take(db, row);
    if (rows.length < PAGE) break;
    last = rows.at(-1)!.path;
  }
  await sql.raw("delete from file where program = 0").execute(db);
}

async function take(db: Kysely<unknown>, row: Before): Promise<void> {
  const { folder, name } = splitPath(byteString(row.path));
  const stamp = `${row.size} ${row.mtime_ns} ${row.ctime_ns} ${row.ino} ${row.mode | REGULAR}`;
  const sha256 = row.whole && row.sha256 ? Buffer.from(row.sha256, "hex").toString("base64url") : null;
  await sql`insert into tree_folder (path) values (${folder}) on conflict do nothing`.execute(db);
  await sql`insert into tree_entry (folder, name, stamp, sha256, program, run)
    select id, ${name}, ${stamp}, ${sha256}, ${row.program}, 0 from tree_folder where path = ${folder}`.execute(
    db,
  );
}
