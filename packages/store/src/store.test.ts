import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { ThymusError } from "@thymus/contracts";
import { sql } from "kysely";
import { type Migration, openDatabase, writeFileAtomic } from "./index.ts";

interface Tables {
  item: { id: number; name: string };
}
const first: Migration = {
  name: "001-item",
  up: async (db) => {
    await sql`create table item (id integer primary key, name text not null) strict`.execute(db);
  },
};
const second: Migration = {
  name: "002-seed",
  up: async (db) => {
    await sql`insert into item values (1, 'one')`.execute(db);
  },
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "thymus-store-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const coded = (code: string) => (error: unknown) => error instanceof ThymusError && error.code === code;

test("a database opens with WAL, mode 0600, and keeps its rows", async () => {
  const file = join(folder, "deep", "a.db");
  const db = await openDatabase<Tables>(file, [first, second]);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal((await stat(`${file}-wal`)).mode & 0o777, 0o600);
  const mode = await sql<{ journal_mode: string }>`pragma journal_mode`.execute(db);
  assert.equal(mode.rows[0]!.journal_mode, "wal");
  const keys = await sql<{ foreign_keys: number }>`pragma foreign_keys`.execute(db);
  assert.equal(keys.rows[0]!.foreign_keys, 1);
  await db.destroy();
  const again = await openDatabase<Tables>(file, [first, second]);
  assert.deepEqual(
    { ...(await again.selectFrom("item").selectAll().executeTakeFirstOrThrow()) },
    { id: 1, name: "one" },
  );
  await again.destroy();
});

test("a schema of a newer version is refused and not touched", async () => {
  const file = join(folder, "a.db");
  await (await openDatabase<Tables>(file, [first, second])).destroy();
  await assert.rejects(openDatabase(file, [first]), coded("STORE_NEWER"));
  await (await openDatabase<Tables>(file, [first, second])).destroy();
});

test("a failed migration leaves nothing, and a later try does it whole", async () => {
  const file = join(folder, "a.db");
  const broken: Migration = {
    name: "002-seed",
    up: async (db) => {
      await second.up(db);
      throw new Error("power");
    },
  };
  await assert.rejects(openDatabase(file, [first, broken]), /power/);
  const db = await openDatabase<Tables>(file, [first, second]);
  assert.equal((await db.selectFrom("item").selectAll().execute()).length, 1);
  await db.destroy();
});

test("a process killed inside a migration goes on at the next start", async () => {
  const file = join(folder, "a.db");
  const script = `
    const { openDatabase } = await import(${JSON.stringify(new URL("./index.ts", import.meta.url).href)});
    const { sql } = await import(${JSON.stringify(import.meta.resolve("kysely"))});
    const up = (text) => (db) => sql.raw(text).execute(db);
    const db = await openDatabase(process.argv[1], [
      { name: "001-item", up: up("create table item (id integer primary key, name text not null) strict") },
      { name: "002-seed", up: up("insert into item values (1, 'one')") },
    ]);
    console.log((await db.selectFrom("item").selectAll().execute()).length);
    await db.destroy();`;
  const run = () =>
    spawnSync(process.execPath, ["--input-type=module", "-e", script, file], {
      env: {
        ...process.env,
        THYMUS_FAILPOINT: "store.migration.before-commit",
        THYMUS_FAILPOINT_ONCE: join(folder, "once"),
      },
      encoding: "utf8",
    });
  assert.equal(run().signal, "SIGKILL");
  const second = run();
  assert.equal(second.stdout.trim(), "1", second.stderr);
});

test("two connections that read and then write both succeed", async () => {
  const file = join(folder, "a.db");
  const a = await openDatabase<Tables>(file, [first, second]);
  const b = await openDatabase<Tables>(file, [first, second]);
  for (let round = 0; round < 20; round += 1) {
    await Promise.all(
      [a, b].map((db) =>
        db.transaction().execute(async (trx) => {
          const row = await trx
            .selectFrom("item")
            .select("name")
            .where("id", "=", 1)
            .executeTakeFirstOrThrow();
          await trx
            .updateTable("item")
            .set({ name: `${row.name}.` })
            .where("id", "=", 1)
            .execute();
        }),
      ),
    );
  }
  const row = await a.selectFrom("item").select("name").executeTakeFirstOrThrow();
  assert.equal(row.name.length, 3 + 40);
  await a.destroy();
  await b.destroy();
});

test("a file that is no database is told with what to do", async () => {
  const file = join(folder, "a.db");
  await writeFile(file, "not a database, but long enough to be looked at as one by the library ".repeat(40));
  await assert.rejects(openDatabase(file, [first]), coded("STORE_FAILED"));
});

test("an atomic write replaces content and mode and leaves no temporary file", async () => {
  const file = join(folder, "key");
  await writeFileAtomic(file, "old", 0o644);
  await writeFileAtomic(file, new Uint8Array([1, 2, 3]));
  assert.deepEqual([...(await readFile(file))], [1, 2, 3]);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(folder), ["key"]);
  await assert.rejects(writeFileAtomic(folder, "x"));
  assert.deepEqual(await readdir(folder), ["key"]);
});
