import assert from "node:assert/strict";
import { chmod, lstat, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { newId, ThymusError } from "@thymus/contracts";
import fc from "fast-check";
import { readXattrs, writeTimes, writeXattrs } from "../files/libc.ts";
import { readRegular, sha256Of } from "../files/regular.ts";
import { giveBack } from "../repair/give-back.ts";
import { holdFile } from "../repair/hold.ts";
import { replaceContent } from "../repair/replace.ts";
import { openAgentDatabase } from "../state/open.ts";
import { Quarantine } from "./quarantine.ts";
import { openVault } from "./vault.ts";

async function makeContext(t: TestContext, maxBytes = 1 << 30) {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "thymus-quarantine-")));
  const dataDir = join(dir, "agent");
  const db = await openAgentDatabase(dataDir);
  const vault = await openVault(dataDir);
  const quarantine = new Quarantine({ db, folder: join(dataDir, "quarantine"), vault, maxBytes });
  t.after(async () => {
    await db.destroy();
    await rm(dir, { recursive: true, force: true });
  });
  return { dir, dataDir, context: { db, quarantine, maxBytes: 64 << 20 } };
}

async function subjectAt(path: string) {
  const content = (await readRegular(path, 64 << 20))!;
  return { path, root: null, type: "shell" as const, facts: content.facts, bytes: content.bytes };
}

const cause = { why: "a test", prescription: null, case: null, also: async () => {} };
const giving = { byOwner: false, root: null, why: "a test" };

async function everything(path: string) {
  const stat = await lstat(path, { bigint: true });
  return {
    content: sha256Of(await readFile(path)),
    mode: stat.mode,
    uid: stat.uid,
    gid: stat.gid,
    mtimeNs: stat.mtimeNs,
    xattrs: readXattrs(path),
  };
}

const name = fc.stringMatching(/^[a-z][a-z0-9._-]{0,20}$/);
const file = fc.record({
  content: fc.uint8Array({ maxLength: 5000 }),
  mode: fc.integer({ min: 0, max: 0o7777 }).map((mode) => mode | 0o400),
  mtimeNs: fc.bigInt({ min: -1_000_000_000_000n, max: 4_000_000_000_000_000_000n }),
  xattrs: fc.dictionary(
    name.map((suffix) => `user.${suffix}`),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString("hex")),
    { maxKeys: 4 },
  ),
});

test("content, mode, time to the nanosecond and attributes survive quarantine, held or replaced", async (t) => {
  const { context, dir } = await makeContext(t);
  await fc.assert(
    fc.asyncProperty(file, fc.boolean(), async ({ content, mode, mtimeNs, xattrs }, replaced) => {
      const path = join(dir, `file-${Math.random().toString(36).slice(2)}`);
      await writeFile(path, content);
      writeXattrs(path, xattrs);
      await chmod(path, mode);
      writeTimes(path, mtimeNs, mtimeNs);
      const before = await everything(path);
      const subject = await subjectAt(path);
      const id = replaced
        ? await replaceContent(context, {
            ...cause,
            subject,
            content: Buffer.from("clean"),
            mtimeNs: null,
            how: "repaired",
          })
        : await holdFile(context, { ...cause, subject });
      if (replaced) {
        const after = await everything(path);
        assert.deepEqual(after, { ...before, content: sha256Of(Buffer.from("clean")) });
      } else await assert.rejects(lstat(path), { code: "ENOENT" });
      const entry = await giveBack(context, id, giving);
      assert.equal(entry.state, "restored");
      assert.deepEqual(await everything(path), before);
      assert.equal((await giveBack(context, id, giving)).state, "restored", "twice is once");
    }),
    { numRuns: 25 },
  );
  const left = (await readdir(dir)).filter((each) => each.startsWith(".thymus-tmp-"));
  assert.deepEqual(left, []);
});

test("a file that somebody put there since is not overwritten without force", async (t) => {
  const { context, dir } = await makeContext(t);
  const path = join(dir, "tool");
  await writeFile(path, "original");
  const id = await holdFile(context, { ...cause, subject: await subjectAt(path) });
  await writeFile(path, "the owner's new one");
  await assert.rejects(
    giveBack(context, id, giving),
    (error) => error instanceof ThymusError && error.code === "CONFLICT",
  );
  assert.equal(await readFile(path, "utf8"), "the owner's new one");
  await giveBack(context, id, { ...giving, force: true });
  assert.equal(await readFile(path, "utf8"), "original");
});

test("a full quarantine refuses and leaves the file alone", async (t) => {
  const { context, dir } = await makeContext(t, 100);
  const path = join(dir, "tool");
  await writeFile(path, "x".repeat(500));
  await assert.rejects(holdFile(context, { ...cause, subject: await subjectAt(path) }), {
    code: "TOO_LARGE",
  });
  assert.equal((await readFile(path)).length, 500);
  assert.deepEqual(await context.quarantine.list(), []);
});

test("a file that changed since it was read stays as it is", async (t) => {
  const { context, dir } = await makeContext(t);
  const path = join(dir, "tool");
  await writeFile(path, "read");
  const subject = await subjectAt(path);
  await writeFile(path, "changed meanwhile");
  const replacing = { ...cause, subject, content: Buffer.from("c"), mtimeNs: null, how: "repaired" };
  await assert.rejects(replaceContent(context, replacing), { code: "CONFLICT" });
  await assert.rejects(holdFile(context, { ...cause, subject }), { code: "CONFLICT" });
  assert.equal(await readFile(path, "utf8"), "changed meanwhile");
  assert.deepEqual(await context.quarantine.list(), []);
  assert.deepEqual(await readdir(join(dir, "agent", "quarantine")), []);
});

test("a damaged sealed original is told, and deleting ends an entry", async (t) => {
  const { context, dataDir, dir } = await makeContext(t);
  const path = join(dir, "tool");
  await writeFile(path, "original");
  const id = await holdFile(context, { ...cause, subject: await subjectAt(path) });
  const sealed = join(dataDir, "quarantine", `${id}.age`);
  assert.ok(!(await readFile(sealed)).includes("original"));
  const bytes = await readFile(sealed);
  bytes[bytes.length - 1]! ^= 1;
  await writeFile(sealed, bytes);
  await assert.rejects(giveBack(context, id, giving), { code: "QUARANTINE_DAMAGED" });
  assert.equal((await context.quarantine.delete(id)).state, "deleted");
  await assert.rejects(context.quarantine.show(newId("q")), { code: "NOT_FOUND" });
});
