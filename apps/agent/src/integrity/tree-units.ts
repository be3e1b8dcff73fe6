import { sql } from "kysely";
import type { Database } from "../state/open.ts";
import { byteString, splitPath } from "./byte-string.ts";
import type { TreeUnit } from "./protocol.ts";

/** The work of a whole tree: its top as an entry of the folder around it. @param top a path by its real name; a file or folder */
export function treeAt(top: string, root: string): TreeUnit {
  const path = byteString(top);
  if (path === "/") return { folder: "/", root: byteString(root), device: null };
  const { folder, name } = splitPath(path);
  return { folder, root: byteString(root), device: null, names: [name], from: name, to: `${name}\0` };
}

/** Where SQLite has the database: threads open it for themselves. */
export async function databaseFile(db: Database): Promise<string> {
  const { rows } = await sql<{
    file: string;
  }>`select file from pragma_database_list where name = 'main'`.execute(db);
  return rows[0]!.file;
}

/** Decoys, and what unfinished repairs of this or another process are about: paths and names that are no part of a tree. */
export async function exceptions(db: Database): Promise<string[]> {
  const decoys = await db.selectFrom("decoy").select("path").execute();
  const work = await db.selectFrom("operation").select(["path", "temporary"]).execute();
  return [
    ...decoys.map(({ path }) => path),
    ...work.flatMap(({ path, temporary }) => [path, splitPath(temporary).name]),
  ].map(byteString);
}
