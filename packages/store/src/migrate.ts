import { ThymusError } from "@thymus/contracts";
import { type Kysely, sql } from "kysely";
import { failpoint } from "./failpoint.ts";

/** One step of a schema. Names are never changed or reused; a new step goes to the end of the list. */
export interface Migration {
  readonly name: string;
  up(db: Kysely<unknown>): Promise<void>;
}

interface MigrationTable {
  schema_migration: { name: string; at: string };
}

/**
 * Brings a database up to the given list, each step in a transaction of its own together with its mark, so that a
 * killed process goes on where it stopped. Safe when two processes do it at once.
 * @throws ThymusError STORE_NEWER where the file has steps that this version does not know
 */
export async function migrate(database: Kysely<unknown>, migrations: readonly Migration[]): Promise<void> {
  const db = database as Kysely<MigrationTable>;
  await sql`create table if not exists schema_migration (name text primary key, at text not null) strict`.execute(
    db,
  );
  await refuseNewer(db, migrations);
  for (const migration of migrations) {
    await db.transaction().execute(async (trx) => {
      const done = await trx
        .selectFrom("schema_migration")
        .select("name")
        .where("name", "=", migration.name)
        .executeTakeFirst();
      if (done) return;
      await migration.up(trx as unknown as Kysely<unknown>);
      await trx
        .insertInto("schema_migration")
        .values({ name: migration.name, at: new Date().toISOString() })
        .execute();
      await failpoint("store.migration.before-commit");
    });
  }
  await refuseNewer(db, migrations);
}

async function refuseNewer(db: Kysely<MigrationTable>, migrations: readonly Migration[]): Promise<void> {
  const known = new Set(migrations.map((migration) => migration.name));
  const applied = await db.selectFrom("schema_migration").select("name").execute();
  const unknown = applied.find((row) => !known.has(row.name));
  if (unknown) {
    throw new ThymusError(
      "STORE_NEWER",
      `the database was changed by a newer version (step ${unknown.name})`,
      "start the newer version, or restore the data folder from before the update",
    );
  }
}
