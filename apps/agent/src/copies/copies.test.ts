import assert from "node:assert/strict";
import { renameSync, symlinkSync } from "node:fs";
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { needs } from "@thymus/testkit";
import fc from "fast-check";
import { writeXattrs } from "../files/libc.ts";
import { accept } from "../monitors/baseline.ts";
import { examine } from "../monitors/examine.ts";
import { openVault } from "../quarantine/vault.ts";
import { keptContent } from "../repair/kept-content.ts";
import { openAgentDatabase } from "../state/open.ts";
import { Copies, type CopiesOptions } from "./copies.ts";
import { outdated } from "./versions.ts";

async function makeCopies(t: TestContext, limits: Partial<CopiesOptions> = {}) {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "thymus-copies-")));
  const [dataDir, root] = [join(dir, "agent"), join(dir, "docs")];
  await mkdir(root);
  const db = await openAgentDatabase(dataDir);
  const folder = join(dataDir, "copies");
  const vault = await openVault(dataDir);
  const copies = new Copies({
    ...{
      db,
      folder,
      vault,
      folders: [root],
      maxBytes: 1 << 20,
      maxFileBytes: 1 << 16,
    },
    suspect: async (bytes) => Buffer.from(bytes).includes("EVIL"),
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
  return { copies, db, root, folder, vault, accepted };
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

const firstLetters = async (copies: Copies, path: string) =>
  Promise.all(
    (await copies.of(path)).map(async (copy) => (await copies.bytes(copy)).toString("latin1", 0, 1)),
  );

// What was kept first is what an attacker would push out: it goes last. New contents are what finds no room.
test("the newest and the settled copy of a path stay whatever comes; those between make room; a damaged one is told", async (t) => {
  const { copies, folder, accepted } = await makeCopies(t, { maxBytes: 3000 });
  for (const text of ["a", "b", "c", "d"])
    assert.equal(await copies.take(await accepted("a.txt", text.repeat(500))), "kept");
  const path = await accepted("b.txt", "e".repeat(1000));
  const a = join(path, "..", "a.txt");
  assert.deepEqual(await firstLetters(copies, a), ["d", "c", "a"]);
  assert.equal(await copies.take(path), "kept");
  assert.deepEqual(await firstLetters(copies, a), ["d", "a"]);
  assert.equal(await copies.take(await accepted("c.txt", "f".repeat(2000))), "full");
  assert.deepEqual(await firstLetters(copies, a), ["d", "a"], "where it is not enough, nothing is given up");
  assert.ok((await copies.used()) <= 3000);
  assert.equal((await readdir(folder)).length, 3);
  const [kept] = await copies.of(a);
  const sealed = join(folder, `${kept!.sha256}.age`);
  await chmod(sealed, 0o600);
  await writeFile(sealed, "no longer what it was");
  await assert.rejects(copies.bytes(kept!), { code: "QUARANTINE_DAMAGED" });
});

test("many files overwritten at once push none of their clean copies out", async (t) => {
  const { copies, accepted } = await makeCopies(t, { maxBytes: 6000 });
  const names = ["a.txt", "b.txt", "c.txt", "d.txt"];
  for (const name of names) await copies.take(await accepted(name, `clean ${name} ${"c".repeat(900)}`));
  for (const round of ["1", "2", "3"])
    for (const name of names) await copies.take(await accepted(name, `${round}${name} ${"x".repeat(900)}`));
  for (const name of names) {
    const kept = await firstLetters(copies, await accepted(name, "whatever"));
    assert.equal(kept.at(-1), "c", name);
  }
});

test("what finds no room is not read again before something changes", async (t) => {
  let [looked, sealed] = [0, 0];
  const { copies, accepted, vault } = await makeCopies(t, {
    maxBytes: 1500,
    suspect: async () => ++looked < 0,
  });
  const { seal } = vault;
  vault.seal = (bytes) => {
    sealed++;
    return seal(bytes);
  };
  const first = await accepted("a.txt", "a".repeat(900));
  assert.equal(await copies.take(first), "kept");
  assert.deepEqual([looked, sealed], [1, 1]);
  const other = await accepted("other.txt", "o".repeat(901));
  assert.equal(await copies.take(other), "full");
  assert.deepEqual([looked, sealed], [1, 1], "its size says it");
  // Of the same size as a copied one it may be the same content, which needs no room: it is read, once.
  const alike = await accepted("alike.txt", "b".repeat(900));
  for (const _round of [1, 2, 3]) assert.equal(await copies.take(alike), "full");
  assert.deepEqual([looked, sealed], [2, 2]);
  assert.equal(await copies.take(await accepted("same.txt", "a".repeat(900))), "kept");
  await rm(first);
});

test("copies of files that are gone for 30 days make room, and no sooner", async (t) => {
  const { copies, db, accepted } = await makeCopies(t, { maxBytes: 1500 });
  const gone = await accepted("gone.txt", "g".repeat(900));
  assert.equal(await copies.take(gone), "kept");
  const next = await accepted("next.txt", "n".repeat(900));
  await rm(gone);
  await copies.noteGone();
  assert.equal(await copies.take(next), "full");
  const days = (count: number) => new Date(Date.now() - count * 24 * 3_600_000).toISOString();
  await db
    .updateTable("copy_gone")
    .set({ since: days(29) })
    .execute();
  await copies.noteGone();
  assert.equal(await copies.take(next), "full");
  await db
    .updateTable("copy_gone")
    .set({ since: days(31) })
    .execute();
  await copies.noteGone();
  await writeFile(gone, "back before anybody noted it");
  assert.equal(await copies.take(next), "full");
  await rm(gone);
  await copies.noteGone();
  assert.equal(await copies.take(next), "kept");
  assert.deepEqual(await copies.of(gone), []);
});

test("attributes are those of the file whose content was read, whatever is put in its place", {
  skip: needs("xattr"),
}, async (t) => {
  let swap = () => {};
  const { copies, root, accepted } = await makeCopies(t, {
    suspect: async () => {
      swap();
      return false;
    },
  });
  const [folder, other] = [join(root, "folder"), join(root, "..", "other")];
  await mkdir(folder);
  await mkdir(other);
  await writeFile(join(other, "a.txt"), "a program of another, which may do more");
  const path = await accepted("folder/a.txt", "words");
  writeXattrs(join(other, "a.txt"), { "user.may": "01" });
  writeXattrs(path, { "user.note": "02" });
  await accepted("folder/a.txt", "words");
  swap = () => {
    renameSync(folder, `${folder}.away`);
    symlinkSync(other, folder);
  };
  assert.equal(await copies.take(path), "kept");
  assert.deepEqual((await copies.of(path))[0]!.identity.xattrs, { "user.note": "02" });
});

test("a copy that a rule finds by now is left out: the next older one goes back", async (t) => {
  const rules: string[] = [];
  const { copies, db, accepted } = await makeCopies(t, {
    suspect: async (bytes) => rules.some((rule) => Buffer.from(bytes).includes(rule)),
  });
  const kinds = { "letter.txt": "", "tool.sh": "#!/bin/sh\n" };
  for (const [name, start] of Object.entries(kinds)) {
    for (const text of ["clean", "EVIL, not known yet", "EVIL again"])
      assert.equal(await copies.take(await accepted(name, `${start}${text}`)), "kept");
    const path = await accepted(name, `${start}EVIL again`);
    const current = (await copies.of(path))[0]!.sha256;
    rules.push("EVIL");
    const kept = await keptContent(db, copies, path, current);
    assert.ok("repaired" in kept);
    assert.equal(Buffer.from(kept.repaired).toString(), `${start}clean`);
    rules.push("clean");
    const none = await keptContent(db, copies, path, current);
    assert.ok("refused" in none && /finds every copy/.test(none.refused));
    rules.length = 0;
  }
});

test("a sealed copy that is lost or cut short is told and made again", async (t) => {
  const { copies, folder, accepted } = await makeCopies(t);
  const [a, b, c] = [
    await accepted("a.txt", "words"),
    await accepted("b.txt", "other words"),
    await accepted("c.txt", "more words"),
  ];
  for (const path of [a, b, c]) assert.equal(await copies.take(path), "kept");
  assert.deepEqual(await copies.sweep(), []);
  const sealed = async (path: string) => join(folder, `${(await copies.of(path))[0]!.sha256}.age`);
  await rm(await sealed(a));
  await truncate(await sealed(b), 40);
  assert.deepEqual((await copies.sweep()).map(({ path }) => path).sort(), [a, b]);
  assert.deepEqual(
    [await copies.take(a), await copies.take(b), await copies.take(c)],
    ["kept", "kept", "same"],
  );
  assert.deepEqual((await copies.bytes((await copies.of(a))[0]!)).toString(), "words");
  await rm(folder, { recursive: true });
  assert.equal((await copies.sweep()).length, 3);
  assert.equal(await copies.used(), 0);
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
  // None is a day old: the oldest stays, or quick writes would push the clean one out.
  assert.deepEqual(outdated([at(0), at(1), at(2), at(3)], now), [at(2)]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 12 }), (hours) => {
      const copies = hours.toSorted((a, b) => a - b).map(at);
      const gone = outdated(copies, now);
      assert.equal(copies.length - gone.length, Math.min(copies.length, 3));
      assert.ok(!gone.includes(copies[0]!) && !gone.includes(copies[1]!));
    }),
  );
});
