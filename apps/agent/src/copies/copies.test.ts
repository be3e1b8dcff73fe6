import assert from "node:assert/strict";
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { accept } from "../monitors/baseline.ts";
import { examine } from "../monitors/examine.ts";
import { openVault } from "../quarantine/vault.ts";
import { openAgentDatabase } from "../state/open.ts";
import { Copies } from "./copies.ts";
import { outdated } from "./versions.ts";

async function makeCopies(t: TestContext, limits: { maxBytes?: number; maxFileBytes?: number } = {}) {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "thymus-copies-")));
  const [dataDir, root] = [join(dir, "agent"), join(dir, "docs")];
  await mkdir(root);
  const db = await openAgentDatabase(dataDir);
  const folder = join(dataDir, "copies");
  const copies = new Copies({
    ...{
      db,
      folder,
      vault: await openVault(dataDir),
      folders: [root],
      maxBytes: 1 << 20,
      maxFileBytes: 1 << 16,
    },
    suspect: (bytes) => Buffer.from(bytes).includes("EVIL"),
    ...limits,
  });
  t.after(async () => {
    await db.destroy();
    await rm(dir, { recursive: true, force: true });
  });
  const accepted = async (name: string, text: string) => {
    const path = join(root, name);
    await writeFile(path, text);
    await accept(db, root, (await examine(path, 1 << 20))!, "owner-change");
    return path;
  };
  return { copies, db, root, folder, accepted };
}

test("keeps what was accepted, once for each content, sealed and for the owner's eyes", async (t) => {
  const { copies, folder, accepted } = await makeCopies(t);
  const one = await accepted("one.txt", "words of the owner");
  const two = await accepted("two.txt", "words of the owner");
  assert.deepEqual(
    [await copies.take(one), await copies.take(two), await copies.take(one)],
    ["kept", "kept", "same"],
  );
  const [name, ...more] = await readdir(folder);
  assert.deepEqual(more, []);
  assert.ok(!(await readFile(join(folder, name!))).includes("words"));
  assert.equal((await lstat(join(folder, name!))).mode & 0o777, 0o600);
  const [copy] = await copies.of(two);
  assert.equal((await copies.bytes(copy!)).toString(), "words of the owner");
  assert.equal(copy!.identity.mode, (await lstat(two)).mode & 0o7777);
});

test("keeps nothing that was not accepted, is suspect, too large or elsewhere", async (t) => {
  const { copies, root, accepted } = await makeCopies(t, { maxFileBytes: 100 });
  const path = await accepted("a.txt", "accepted");
  await writeFile(path, "written since, by whomever");
  assert.equal(await copies.take(path), "not-accepted");
  await writeFile(join(root, "new.txt"), "never looked at");
  assert.equal(await copies.take(join(root, "new.txt")), "not-accepted");
  assert.equal(await copies.take(await accepted("evil.txt", "EVIL")), "suspect");
  assert.equal(await copies.take(await accepted("large.txt", "x".repeat(101))), "too-large");
  assert.equal(await copies.take(join(root, "..", "agent", "agent.db")), "not-covered");
  assert.equal(await copies.used(), 0);
});

test("the newest copy of a path stays whatever comes; older ones make room; a damaged one is told", async (t) => {
  const { copies, folder, accepted } = await makeCopies(t, { maxBytes: 3000 });
  for (const text of ["a", "b", "c", "d"]) {
    await accepted("a.txt", text.repeat(500));
    assert.equal(await copies.take(join(await accepted("a.txt", text.repeat(500)))), "kept");
  }
  const path = await accepted("b.txt", "e".repeat(2000));
  assert.equal(await copies.take(path), "kept");
  const kept = await copies.of(join(path, "..", "a.txt"));
  assert.deepEqual(
    await Promise.all(kept.map(async (copy) => (await copies.bytes(copy)).toString("latin1", 0, 1))),
    ["d"],
  );
  assert.equal(await copies.take(await accepted("c.txt", "f".repeat(2000))), "full");
  assert.ok((await copies.used()) <= 3000);
  assert.equal((await readdir(folder)).length, 2);
  const sealed = join(folder, `${kept[0]!.sha256}.age`);
  await chmod(sealed, 0o600);
  await writeFile(sealed, "no longer what it was");
  await assert.rejects(copies.bytes(kept[0]!), { code: "QUARANTINE_DAMAGED" });
});

test("a crash leaves nothing behind that no copy needs", async (t) => {
  const { copies, folder, accepted } = await makeCopies(t);
  assert.equal(await copies.take(await accepted("a.txt", "a")), "kept");
  await writeFile(join(folder, `${"0".repeat(64)}.age`), "sealed, but never recorded");
  await copies.sweep();
  assert.equal((await readdir(folder)).length, 1);
});

test("of quick changes the last content of the day before stays", () => {
  const now = Date.parse("2031-05-27T12:00:00Z");
  const at = (hours: number) => ({ at: new Date(now - hours * 3_600_000).toISOString() });
  assert.deepEqual(outdated([at(0), at(1), at(2)], now), []);
  assert.deepEqual(outdated([at(0), at(1), at(2), at(30), at(40)], now), [at(2), at(40)]);
  assert.deepEqual(outdated([at(0), at(1), at(2), at(3)], now), [at(3)]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 12 }), (hours) => {
      const copies = hours.toSorted((a, b) => a - b).map(at);
      const gone = outdated(copies, now);
      assert.equal(copies.length - gone.length, Math.min(copies.length, 3));
      assert.ok(!gone.includes(copies[0]!) && !gone.includes(copies[1]!));
    }),
  );
});
