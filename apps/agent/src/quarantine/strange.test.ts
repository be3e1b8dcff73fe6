import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { silentLogger } from "@thymus/contracts";
import { needs } from "@thymus/testkit";
import { unlock } from "../files/flags.ts";
import { readRegular, sha256Of } from "../files/regular.ts";
import { giveBack } from "../repair/give-back.ts";
import { holdFile } from "../repair/hold.ts";
import { recoverOperations } from "../repair/recover.ts";
import { replaceContent } from "../repair/replace.ts";
import { everyField, writeStrangeFiles } from "../testing/strange-owners.ts";
import { cause, giving, hold, makeContext, subjectAt } from "../testing/vaulted.ts";

test("whatever owner, mode, time, attribute, capability, ACL, lock, hole, hard link or name a file has comes back", {
  skip: needs("root"),
}, async (t) => {
  const { context, dir, folder } = await makeContext(t);
  const watched = join(dir, "watched");
  const paths = await writeStrangeFiles(watched, 120);
  const before = await everyField(paths);
  const ids: string[] = [];
  for (const path of paths) ids.push(await hold(context, path));
  assert.equal(
    (await readdir(watched, { recursive: true })).filter((each) => /\d /.test(each.split("/").at(-1)!))
      .length,
    0,
  );
  const contents = new Set(before.map(({ content }) => content));
  assert.equal((await readdir(folder)).length, contents.size, "equal contents are sealed once");
  assert.ok(
    (await readdir(folder)).every(
      (name) => ![...contents].some((sha256) => name.includes(sha256.slice(0, 8))),
    ),
  );
  // The owner cleared up meanwhile: even the folders are gone.
  const folders = await Promise.all(
    [...new Set(paths.map((path) => dirname(path)))].map(async (path) => ({ path, stat: await lstat(path) })),
  );
  await rm(watched, { recursive: true });
  for (const id of ids) await giveBack(context, id, giving);
  assert.deepEqual(await everyField(paths), before);
  for (const { path, stat } of folders) {
    const { mode, uid, gid } = await lstat(path);
    assert.deepEqual([path, mode, uid, gid], [path, stat.mode, stat.uid, stat.gid]);
  }
  assert.deepEqual(await readdir(folder), []);
  assert.equal((await context.quarantine.usage()).used, 0);
});

test("names of one file stay names of one file when they are repaired, and when that is undone", {
  skip: needs("root"),
}, async (t) => {
  const { context, dir } = await makeContext(t);
  const [first, second, third] = ["a", "b", "c"].map((name) => join(dir, name)) as [string, string, string];
  await writeFile(first, "infected");
  execFileSync("ln", [first, second]);
  execFileSync("ln", [first, third]);
  execFileSync("chattr", ["+i", first]);
  const before = await everyField([first, second, third]);
  const ids: string[] = [];
  for (const path of [first, second, third])
    ids.push(
      await replaceContent(context, {
        ...cause,
        subject: await subjectAt(path),
        content: Buffer.from("clean"),
        mtimeNs: null,
        how: "repaired",
      }),
    );
  const repaired = await everyField([first, second, third]);
  assert.deepEqual(
    repaired.map(({ links, flags, content }) => [links, flags & 0x10, content]),
    Array(3).fill([3n, 0x10, sha256Of(Buffer.from("clean"))]),
  );
  for (const id of ids) await giveBack(context, id, giving);
  assert.deepEqual(await everyField([first, second, third]), before);
});

test("a name whose other name stayed is given back as a name of it", async (t) => {
  const { context, dir } = await makeContext(t);
  const [first, second] = [join(dir, "a"), join(dir, "b")];
  await writeFile(first, "infected");
  execFileSync("ln", [first, second]);
  const { ino } = (await readRegular(second, 100))!.facts;
  await context.db
    .insertInto("file")
    .values({
      path: second,
      root: dir,
      size: 8,
      mtime_ns: "0",
      ctime_ns: "0",
      ino: String(ino),
      mode: 0o644,
      type: "shell",
      program: 1,
      whole: 1,
      sha256: null,
      signature: null,
      fingerprint: null,
      appeared: null,
      accepted: "",
      how: "first-baseline",
    })
    .execute();
  const id = await hold(context, first);
  assert.deepEqual((await context.quarantine.show(id)).file.names, [second]);
  await giveBack(context, id, giving);
  assert.equal((await lstat(first)).ino, (await lstat(second)).ino);
});

test("a locked file whose repair was cut off is locked again", { skip: needs("root") }, async (t) => {
  const { context, dir } = await makeContext(t);
  const path = join(dir, "locked");
  await writeFile(path, "infected");
  execFileSync("chattr", ["+i", path]);
  const store = context.quarantine.record.bind(context.quarantine);
  let id = "";
  context.quarantine.record = async (db, kept) => {
    id = kept.id;
    await store(db, kept);
  };
  const subject = await subjectAt(path);
  const also = async () => {
    throw new Error("killed here");
  };
  await assert.rejects(holdFile(context, { ...cause, also, subject }));
  assert.ok(id);
  // As if the process had died between the unlocking and the move.
  await writeFile(path, "infected");
  await recoverOperations(context, silentLogger);
  assert.deepEqual(await context.quarantine.list(), []);
  await assert.rejects(writeFile(path, "x"), { code: "EPERM" });
  await unlock(path);
});

test("one sealed content serves all its entries, and goes with the last", async (t) => {
  const { context, dir, folder } = await makeContext(t, 2000);
  const paths = ["a", "b", "c"].map((name) => join(dir, name));
  for (const path of paths) await writeFile(path, "x".repeat(500));
  const ids: string[] = [];
  for (const path of paths) ids.push(await hold(context, path));
  assert.equal((await readdir(folder)).length, 1, "more would not have fitted");
  assert.equal((await context.quarantine.usage()).entries, 3);
  await context.quarantine.delete(ids[0]!);
  await giveBack(context, ids[1]!, giving);
  assert.equal((await readdir(folder)).length, 1);
  // A sealed file that a crash left, and one that was lost: neither harms the next.
  await writeFile(join(folder, "left.age"), "left");
  await context.quarantine.sweep();
  assert.equal((await readdir(folder)).length, 1);
  await giveBack(context, ids[2]!, giving);
  assert.deepEqual(await readdir(folder), []);
  assert.equal((await readFile(paths[2]!)).length, 500);
});

test("a sealed content that was damaged is sealed anew before anything relies on it", async (t) => {
  const { context, dir, folder } = await makeContext(t);
  const [first, second] = [join(dir, "a"), join(dir, "b")];
  for (const path of [first, second]) await writeFile(path, "same");
  await hold(context, first);
  const [object] = await readdir(folder);
  await writeFile(join(folder, object!), "rotten");
  const id = await hold(context, second);
  await giveBack(context, id, giving);
  assert.equal(await readFile(second, "utf8"), "same");
});

test("a link in the path, and a folder that became a file, are refused and left alone", async (t) => {
  const { context, dir } = await makeContext(t);
  for (const name of ["linked", "filed"]) await mkdir(join(dir, name));
  const paths = ["linked", "filed"].map((name) => join(dir, name, "tool"));
  const ids: string[] = [];
  for (const path of paths) {
    await writeFile(path, "original");
    ids.push(await hold(context, path));
    await rm(dirname(path), { recursive: true });
  }
  await mkdir(join(dir, "elsewhere"));
  await symlink(join(dir, "elsewhere"), join(dir, "linked"));
  await writeFile(join(dir, "filed"), "a file now");
  await assert.rejects(giveBack(context, ids[0]!, giving), { code: "NOT_A_FILE" });
  await assert.rejects(giveBack(context, ids[1]!, giving), { code: "NOT_A_FILE" });
  assert.deepEqual(await readdir(join(dir, "elsewhere")), []);
  for (const id of ids) assert.equal((await context.quarantine.show(id)).state, "held");
  await rm(join(dir, "linked"));
  await giveBack(context, ids[0]!, giving);
  assert.equal(await readFile(paths[0]!, "utf8"), "original");
});

test("a file in a locked folder is refused with the reason, and nothing of it is kept", {
  skip: needs("root"),
}, async (t) => {
  const { context, dir } = await makeContext(t);
  const path = join(dir, "locked", "tool");
  await mkdir(dirname(path));
  await writeFile(path, "original");
  await chmod(path, 0o755);
  execFileSync("chattr", ["+i", dirname(path)]);
  await assert.rejects(hold(context, path), { code: "FORBIDDEN", message: /immutable/ });
  assert.deepEqual(await context.quarantine.list(), []);
  assert.equal(await readFile(path, "utf8"), "original");
});
