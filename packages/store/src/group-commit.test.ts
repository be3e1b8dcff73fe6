import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { sql } from "kysely";
import { groupCommit, openDatabase, syncTogether } from "./index.ts";

interface Tables {
  item: { name: string };
}

async function opened(t: { after(work: () => Promise<void>): void }) {
  const folder = await mkdtemp(join(tmpdir(), "thymus-group-"));
  const up = async (db: Parameters<Parameters<typeof openDatabase>[1][number]["up"]>[0]) => {
    await sql`create table item (name text primary key) strict`.execute(db);
  };
  const db = await openDatabase<Tables>(join(folder, "a.db"), [{ name: "001", up }]);
  t.after(async () => {
    await db.destroy();
    await rm(folder, { recursive: true, force: true });
  });
  const names = async () =>
    (await db.selectFrom("item").select("name").orderBy("name").execute()).map((row) => row.name);
  return { db, names };
}

test("who writes at the same time is committed together; one that fails takes back only its own", async (t) => {
  const { db, names } = await opened(t);
  const group = groupCommit(db);
  assert.equal(groupCommit(db), group);
  let transactions = 0;
  const transaction = db.transaction.bind(db);
  db.transaction = () => {
    transactions++;
    return transaction();
  };
  const put = (name: string, then: () => void = () => {}) =>
    group.durable(async (trx) => {
      await trx.insertInto("item").values({ name }).execute();
      then();
      return name;
    });
  const all = await Promise.allSettled([
    put("a"),
    put("b", () => {
      throw new Error("not this one");
    }),
    put("c"),
    put("a"),
    group.run(async (trx) => (await trx.selectFrom("item").selectAll().execute()).length),
  ]);
  assert.deepEqual(
    all.map((each) =>
      each.status === "fulfilled" ? each.value : (each.reason as Error).message.slice(0, 12),
    ),
    ["a", "not this one", "c", "the database", 2],
  );
  assert.equal(transactions, 1);
  assert.deepEqual(await names(), ["a", "c"]);
  await group.run((trx) => trx.insertInto("item").values({ name: "later" }).execute());
  assert.deepEqual(await names(), ["a", "c", "later"]);
});

test("nobody is told of a commit that failed", async (t) => {
  const { db, names } = await opened(t);
  const group = groupCommit(db);
  // What ends the whole transaction, as a full disk does.
  const ended = group.run(async (trx) => {
    await trx.insertInto("item").values({ name: "a" }).execute();
    await sql`rollback`.execute(trx);
    throw new Error("the disk is full");
  });
  const other = group.run((trx) => trx.insertInto("item").values({ name: "b" }).execute());
  await assert.rejects(ended, /the disk is full/);
  await assert.rejects(other, /the disk is full/);
  assert.deepEqual(await names(), []);
});

test("a sync that has begun covers nobody who came later, one that waits covers all", async () => {
  const begun: ((value?: undefined) => void)[] = [];
  const sync = () => new Promise<void>((resolve) => begun.push(resolve));
  const first = syncTogether("x", sync);
  const others = [syncTogether("x", sync), syncTogether("x", sync), syncTogether("x", sync)];
  const another = syncTogether("y", sync);
  assert.equal(begun.length, 2);
  begun[1]!();
  await another;
  begun[0]!();
  await first;
  await new Promise(setImmediate);
  assert.equal(begun.length, 3);
  begun[2]!();
  await Promise.all(others);
  const fails = syncTogether("x", () => Promise.reject(new Error("disk")));
  const next = syncTogether("x", async () => {});
  await assert.rejects(fails, /disk/);
  await next;
});
