import type { FileType } from "@thymus/contracts";
import { type Selectable, sql } from "kysely";
import type { FileFacts } from "../files/regular.ts";
import { entryAt, forgetEntry, recordEntries, recordEntry } from "../integrity/entries.ts";
import { kindOf, readStamp, stampOfFile } from "../integrity/stamp.ts";
import type { Database } from "../state/open.ts";
import type { FileTable } from "../state/schema.ts";
import type { Examined } from "./examine.ts";
import { marksOf } from "./marks.ts";

/** What is known of a regular file. */
export type BaselineRow = Omit<Selectable<FileTable>, "root" | "type" | "accepted" | "how">;

/** Earlier contents of one program that are kept. */
const HISTORY = 5;

export async function baselineRow(db: Database, path: string): Promise<BaselineRow | null> {
  const program = await db.selectFrom("file").selectAll().where("path", "=", path).executeTakeFirst();
  if (program) return program;
  const entry = await entryAt(db, path);
  if (!entry || kindOf(entry.stamp) !== "file") return null;
  return {
    path,
    ...readStamp(entry.stamp),
    program: 0,
    whole: 1,
    sha256: entry.sha256 && Buffer.from(entry.sha256, "base64url").toString("hex"),
    signature: null,
    fingerprint: null,
    appeared: null,
  };
}

/** Takes a file as it is now into self. The content that it replaces goes into the history. */
export async function accept(
  db: Database,
  root: string,
  now: Examined,
  how: string,
  appeared = false,
): Promise<void> {
  const content = now.content;
  await recordFile(db, {
    root,
    path: now.path,
    facts: now.facts,
    type: now.type,
    program: now.program,
    whole: content?.whole ?? true,
    sha256: content?.sha256 ?? null,
    ...marksOf(content?.whole ? content.bytes : null),
    how,
    appeared,
  });
}

export interface FileRecord {
  readonly root: string;
  readonly path: string;
  readonly facts: FileFacts;
  readonly type: FileType;
  readonly program: boolean;
  readonly whole: boolean;
  readonly sha256: string | null;
  readonly signature: Uint8Array | null;
  readonly fingerprint: Uint8Array | null;
  readonly how: string;
  readonly appeared: boolean;
}

/** Records a regular file as self. Of what is no program only the entry of its tree is kept, as of any other file. */
export async function recordFile(db: Database, file: FileRecord): Promise<void> {
  const now = new Date().toISOString();
  const before = await db.selectFrom("file").selectAll().where("path", "=", file.path).executeTakeFirst();
  if (before?.sha256 && before.sha256 !== file.sha256) await remember(db, before, now);
  if (file.program) await recordProgram(db, file, before?.appeared ?? null, now);
  else if (before) await db.deleteFrom("file").where("path", "=", file.path).execute();
  await recordEntry(db, file.path, {
    stamp: stampOfFile(file.facts),
    sha256: file.whole && file.sha256 ? Buffer.from(file.sha256, "hex").toString("base64url") : null,
    program: file.program ? 1 : 0,
  });
}

/** Takes files that are no programs into self, as `accept` does, by a few statements. */
export async function acceptPlain(db: Database, files: readonly Examined[]): Promise<void> {
  const now = new Date().toISOString();
  const paths = files.map(({ path }) => path);
  const before = await db.selectFrom("file").selectAll().where("path", "in", paths).execute();
  for (const row of before) if (row.sha256) await remember(db, row, now);
  if (before.length > 0) await db.deleteFrom("file").where("path", "in", paths).execute();
  await recordEntries(
    db,
    files.map(({ path, facts }) => ({ path, stamp: stampOfFile(facts), sha256: null, program: 0 })),
  );
}

async function recordProgram(
  db: Database,
  file: FileRecord,
  appeared: string | null,
  now: string,
): Promise<void> {
  const values = {
    root: file.root,
    ...metadata(file.facts),
    type: file.type,
    program: 1,
    whole: file.whole ? 1 : 0,
    sha256: file.sha256,
    signature: file.signature,
    fingerprint: file.fingerprint,
    appeared: file.appeared ? now : appeared,
    accepted: now,
    how: file.how,
  };
  await db
    .insertInto("file")
    .values({ path: file.path, ...values })
    .onConflict((conflict) => conflict.column("path").doUpdateSet(values))
    .execute();
}

async function remember(db: Database, before: Selectable<FileTable>, at: string): Promise<void> {
  const { fingerprint } = before;
  await db
    .insertInto("file_history")
    .values({ path: before.path, sha256: before.sha256!, mtime_ns: before.mtime_ns, at, fingerprint })
    .onConflict((conflict) => conflict.columns(["path", "sha256"]).doUpdateSet({ at, fingerprint }))
    .execute();
  const old = await db
    .selectFrom("file_history")
    .select("sha256")
    .where("path", "=", before.path)
    .orderBy("at", "desc")
    .offset(HISTORY)
    .limit(100)
    .execute();
  if (old.length > 0)
    await db
      .deleteFrom("file_history")
      .where("path", "=", before.path)
      .where(
        "sha256",
        "in",
        old.map((row) => row.sha256),
      )
      .execute();
}

const metadata = (facts: FileFacts) => ({
  size: facts.size,
  mtime_ns: String(facts.mtimeNs),
  ctime_ns: String(facts.ctimeNs),
  ino: String(facts.ino),
  mode: facts.mode,
});

/** True where the file has not been written, replaced or changed in its mode since it was accepted. */
export function unchangedSince(row: BaselineRow, facts: FileFacts): boolean {
  return (
    row.size === facts.size &&
    row.mtime_ns === String(facts.mtimeNs) &&
    row.ctime_ns === String(facts.ctimeNs) &&
    row.ino === String(facts.ino)
  );
}

/** The content is the accepted one, only its metadata moved (touch, chmod, copied back). */
export async function refreshMetadata(db: Database, path: string, facts: FileFacts): Promise<void> {
  await db.updateTable("file").set(metadata(facts)).where("path", "=", path).execute();
  const entry = await entryAt(db, path);
  if (entry) await recordEntry(db, path, { ...entry, stamp: stampOfFile(facts) });
}

export async function forget(db: Database, path: string): Promise<void> {
  await db.deleteFrom("file").where("path", "=", path).execute();
  await forgetEntry(db, path);
}

/** A content that was self; its modification time in nanoseconds. */
export interface KnownContent {
  readonly sha256: string;
  readonly mtimeNs: string;
  readonly fingerprint: Uint8Array | null;
}

/** Contents of a path that were self at some time, newest first. */
export async function knownContents(db: Database, path: string): Promise<KnownContent[]> {
  const current = await baselineRow(db, path);
  const history = await db
    .selectFrom("file_history")
    .selectAll()
    .where("path", "=", path)
    .orderBy("at", "desc")
    .execute();
  return [
    ...(current?.sha256
      ? [{ sha256: current.sha256, mtimeNs: current.mtime_ns, fingerprint: current.fingerprint }]
      : []),
    ...history.map((row) => ({
      sha256: row.sha256,
      mtimeNs: row.mtime_ns,
      fingerprint: row.fingerprint,
    })),
  ];
}

/** What of `file` is one of these paths or below one. */
export async function rowsAtOrBelow(
  db: Database,
  tops: readonly string[],
): Promise<Pick<BaselineRow, "path" | "program">[]> {
  const list = JSON.stringify(tops);
  const { rows } = await sql<Pick<BaselineRow, "path" | "program">>`
    select file.path, file.program from json_each(${list}) as gone cross join file on file.path = gone.value
    union
    select file.path, file.program from json_each(${list}) as gone
      cross join file on file.path >= gone.value || '/' and file.path < gone.value || '0'`.execute(db);
  return rows;
}

/** Programs of self at or below a path. */
export function programsBelow(db: Database, top: string): Promise<Pick<BaselineRow, "path" | "sha256">[]> {
  return db
    .selectFrom("file")
    .select(["path", "sha256"])
    .where("program", "=", 1)
    .where((eb) =>
      eb.or([eb("path", "=", top), eb.and([eb("path", ">=", `${top}/`), eb("path", "<", `${top}0`)])]),
    )
    .execute();
}
