import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { ThymusError } from "@thymus/contracts";
import { openDatabase } from "@thymus/store";
import fc from "fast-check";
import type { Kysely } from "kysely";
import { createQueue, type JobsDatabase, jobsMigration } from "./index.ts";

let folder: string;
let db: Kysely<JobsDatabase>;
let time = 1_000_000;
const clock = () => time;
const open = () => openDatabase<JobsDatabase>(join(folder, "q.db"), [jobsMigration]);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "thymus-jobs-"));
  db = await open();
});
afterEach(async () => {
  await db.destroy();
  await rm(folder, { recursive: true, force: true });
});
const conflict = (error: unknown) => error instanceof ThymusError && error.code === "CONFLICT";

test("jobs come by priority, then in order, and once", async () => {
  const queue = createQueue(db, clock);
  assert.equal(await queue.enqueue("a", "low", { n: 1 }, 1), true);
  await queue.enqueue("a", "high", { n: 2 }, 9);
  await queue.enqueue("a", "low2", { n: 3 }, 1);
  assert.equal(await queue.enqueue("a", "low", { n: 4 }, 99), false);
  await queue.enqueue("b", "other", null, 100);
  assert.equal(await queue.depth(), 4);
  const keys = [];
  for (let job = await queue.claim(["a"], 60); job; job = await queue.claim(["a"], 60)) {
    keys.push(job.key);
    await queue.complete(job.id, job.lease);
  }
  assert.deepEqual(keys, ["high", "low", "low2"]);
  assert.equal(await queue.enqueue("a", "low", {}), false, "a done key stays done");
  await queue.forget("a", "low");
  assert.equal(await queue.enqueue("a", "low", {}), true);
  assert.equal(await queue.depth(["a"]), 1);
});

test("a lease that ran out is given again, and the old one is refused", async () => {
  const queue = createQueue(db, clock);
  await queue.enqueue("a", "k", null);
  const first = (await queue.claim(["a"], 10))!;
  time += 9_000;
  await queue.renew(first.id, first.lease, 10);
  time += 9_000;
  assert.equal(await queue.claim(["a"], 10), null);
  time += 1_000;
  const second = (await queue.claim(["a"], 10))!;
  assert.equal(second.attempts, 2);
  await assert.rejects(queue.complete(first.id, first.lease), conflict);
  await assert.rejects(queue.renew(first.id, first.lease, 10), conflict);
  await assert.rejects(queue.fail(first.id, first.lease, "late"), conflict);
  await queue.complete(second.id, second.lease);
  assert.deepEqual(await queue.find("a", "k"), {
    id: 1,
    state: "done",
    lease: null,
    attempts: 2,
    held: false,
  });
});

test("a failed job waits longer each time and is exhausted in the end", async () => {
  const queue = createQueue(db, clock);
  await queue.enqueue("a", "k", null, 0, { maxAttempts: 3 });
  for (const wait of [2_000, 4_000]) {
    const job = (await queue.claim(["a"], 10))!;
    await queue.fail(job.id, job.lease, "no luck");
    time += wait - 1;
    assert.equal(await queue.claim(["a"], 10), null);
    time += 1;
  }
  const last = (await queue.claim(["a"], 10))!;
  assert.deepEqual(await queue.exhausted(["a"]), []);
  await queue.fail(last.id, last.lease, "never", { retryAfterSeconds: 0 });
  assert.equal(await queue.claim(["a"], 10), null);
  assert.deepEqual(
    (await queue.exhausted(["a"])).map((row) => ({ ...row })),
    [{ kind: "a", key: "k", why: "never" }],
  );
});

test("two connections never hold the same job, and none is lost", async () => {
  const other = await open();
  const queues = [createQueue(db), createQueue(other)];
  for (let n = 0; n < 200; n += 1) await queues[n % 2]!.enqueue("a", `k${n}`, n);
  const seen: string[] = [];
  await Promise.all(
    [...queues, ...queues].map(async (queue) => {
      for (let job = await queue.claim(["a"], 60); job; job = await queue.claim(["a"], 60)) {
        seen.push(job.key);
        await queue.complete(job.id, job.lease);
      }
    }),
  );
  await other.destroy();
  assert.equal(seen.length, 200);
  assert.equal(new Set(seen).size, 200);
});

test("a job can be made more urgent, and leases of a process that is gone are taken away", async () => {
  const queue = createQueue(db, clock);
  for (const key of ["one", "two"]) await queue.enqueue("a", key, null, 1);
  await queue.raise("a", "two", 5);
  await queue.raise("a", "two", 0);
  assert.equal((await queue.claim(["a"], 60))?.key, "two");
  await queue.release(["a"]);
  assert.equal((await queue.claim(["a"], 60))?.key, "two");
});

test("a rolled back transaction leaves no job", async () => {
  await assert.rejects(
    db.transaction().execute(async (trx) => {
      await createQueue(trx).enqueue("a", "k", null);
      throw new Error("undo");
    }),
  );
  assert.equal(await createQueue(db).depth(), 0);
});

test("whatever the order of claims, failures and time: one live holder, nothing vanishes", async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("enqueue" as const), key: fc.integer({ min: 0, max: 4 }) }),
    fc.record({ do: fc.constant("claim" as const) }),
    fc.record({ do: fc.constantFrom("complete" as const, "fail" as const), which: fc.nat(9) }),
    fc.record({ do: fc.constant("wait" as const), seconds: fc.integer({ min: 1, max: 15 }) }),
  );
  let round = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      round += 1;
      const kind = `r${round}`;
      const queue = createQueue(db, clock);
      const enqueued = new Set<string>();
      const done = new Set<string>();
      const leases: { id: number; key: string; lease: string; until: number }[] = [];
      for (const action of steps) {
        if (action.do === "wait") time += action.seconds * 1000;
        else if (action.do === "enqueue") {
          await queue.enqueue(kind, `${action.key}`, null, 0, { maxAttempts: 100 });
          enqueued.add(`${action.key}`);
        } else if (action.do === "claim") {
          const job = await queue.claim([kind], 10);
          if (!job) continue;
          assert.ok(!done.has(job.key));
          assert.ok(!leases.some((held) => held.key === job.key && held.until > time));
          leases.push({ ...job, until: time + 10_000 });
        } else {
          const held = leases[action.which % Math.max(leases.length, 1)];
          if (!held) continue;
          try {
            if (action.do === "complete") {
              await queue.complete(held.id, held.lease);
              done.add(held.key);
            } else await queue.fail(held.id, held.lease, "x", { retryAfterSeconds: 0 });
          } catch (error) {
            assert.ok(conflict(error));
          }
          held.until = 0;
        }
      }
      assert.equal(await queue.depth([kind]), enqueued.size - done.size);
    }),
    { numRuns: 60 },
  );
});
