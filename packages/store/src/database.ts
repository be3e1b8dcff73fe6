import { chmodSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Kysely, sql } from "kysely";
import { makeOnce } from "./make-once.ts";
import { type Migration, migrate } from "./migrate.ts";
import { NodeSqliteDialect, storeError } from "./sqlite.ts";

/** Milliseconds that SQLite itself waits for another writer; longer waits are asynchronous (see sqlite.ts). */
const BUSY_TIMEOUT = 20;
/** Milliseconds that the switch to WAL at the opening may wait. */
const OPEN_TIMEOUT = 10_000;

/**
 * Opens (or makes) a SQLite database and brings its schema up to date. WAL with synchronous=normal: a killed process
 * loses nothing, a power cut at most the last commits, never the consistency. The file has mode 0600, its folder 0700.
 * End it with `db.destroy()`.
 * @throws ThymusError STORE_FAILED (with what to do), STORE_NEWER
 */
export async function openDatabase<DB>(file: string, migrations: readonly Migration[]): Promise<Kysely<DB>> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  let native: DatabaseSync;
  try {
    // Made by us with its mode: SQLite gives its -wal and -shm files the mode of the database.
    makeOnce(file);
    chmodSync(file, 0o600);
    native = new DatabaseSync(file, { enableForeignKeyConstraints: true, timeout: OPEN_TIMEOUT });
    native.exec(
      `pragma journal_mode = wal; pragma synchronous = normal; pragma busy_timeout = ${BUSY_TIMEOUT};`,
    );
  } catch (error) {
    throw storeError(error, `cannot open the database ${file}`);
  }
  const db = new Kysely<DB>({ dialect: new NodeSqliteDialect(native) });
  try {
    await migrate(db as unknown as Kysely<unknown>, migrations);
  } catch (error) {
    await db.destroy();
    if (native.isOpen) native.close();
    throw error;
  }
  return db;
}

/** Pieces of work that run durably now, for each database: the first switches, the last switches back. */
const durable = new WeakMap<object, number>();

/**
 * Runs some changes so that they survive a power cut too: for what is written down before something else is destroyed.
 * What other work commits meanwhile becomes as durable, which harms nothing.
 */
export async function durably<DB, T>(db: Kysely<DB>, work: () => Promise<T>): Promise<T> {
  durable.set(db, (durable.get(db) ?? 0) + 1);
  try {
    await sql`pragma synchronous = full`.execute(db);
    return await work();
  } finally {
    const others = durable.get(db)! - 1;
    durable.set(db, others);
    if (others === 0) await sql`pragma synchronous = normal`.execute(db);
  }
}
