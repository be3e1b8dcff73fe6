import assert from "node:assert/strict";
import { chmod, lstat, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { newId, silentLogger, ThymusError } from "@thymus/contracts";
import fc from "fast-check";
import { readXattrs, writeTimes, writeXattrs } from "../files/libc.ts";
import { sha256Of } from "../files/regular.ts";
import { giveBack } from "../repair/give-back.ts";
import { holdFile } from "../repair/hold.ts";
import { type Operation, startOperation } from "../repair/operation.ts";
import { recoverOperations } from "../repair/recover.ts";
import { replaceContent } from "../repair/replace.ts";
import { cause, giving, makeContext, subjectAt } from "../testing/vaulted.ts";

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

test("a file that changed since it was read stays as it is, also where it changes while it is sealed", async (t) => {
  const { context, dir } = await makeContext(t);
  const path = join(dir, "tool");
  const store = context.quarantine.store.bind(context.quarantine);
  for (const late of [true, false])
    for (const act of ["replace", "hold"]) {
      await writeFile(path, "read");
      const subject = await subjectAt(path);
      if (!late) await writeFile(path, "changed meanwhile");
      context.quarantine.store = async (bytes, sha256) => {
        assert.ok(late, "nothing is sealed of what changed before");
        await writeFile(path, "changed meanwhile");
        return store(bytes, sha256);
      };
      const replacing = { ...cause, subject, content: Buffer.from("c"), mtimeNs: null, how: "repaired" };
      const acting =
        act === "hold" ? holdFile(context, { ...cause, subject }) : replaceContent(context, replacing);
      await assert.rejects(acting, { code: "CONFLICT" });
      assert.equal(await readFile(path, "utf8"), "changed meanwhile");
      assert.deepEqual(await context.quarantine.list(), []);
      assert.deepEqual(await readdir(join(dir, "agent", "quarantine")), []);
    }
});

test("a damaged sealed original is told, and deleting ends an entry", async (t) => {
  const { context, dataDir, dir } = await makeContext(t);
  const path = join(dir, "tool");
  await writeFile(path, "original");
  const id = await holdFile(context, { ...cause, subject: await subjectAt(path) });
  const [object] = await readdir(join(dataDir, "quarantine"));
  const sealed = join(dataDir, "quarantine", object!);
  assert.ok(!(await readFile(sealed)).includes("original"));
  const bytes = await readFile(sealed);
  bytes[bytes.length - 1]! ^= 1;
  await writeFile(sealed, bytes);
  await assert.rejects(giveBack(context, id, giving), { code: "QUARANTINE_DAMAGED" });
  assert.equal((await context.quarantine.delete(id)).state, "deleted");
  await assert.rejects(context.quarantine.show(newId("q")), { code: "NOT_FOUND" });
});

const CLEAN = "#!/bin/sh\necho clean, and long enough to be written in two halves\n";
const operation = (
  kind: Operation["kind"],
  path: string,
  before: string,
  after: string | null,
): Operation => {
  const id = newId("q");
  return {
    id,
    kind,
    path,
    temporary: `.thymus-tmp-${id}`,
    before: sha256Of(Buffer.from(before)),
    after: after === null ? null : sha256Of(Buffer.from(after)),
    quarantine: id,
    prescription: null,
    case_id: null,
    root: null,
    why: "a test",
    at: new Date().toISOString(),
  };
};

for (const kind of ["repair", "restore"] as const)
  test(`a half-written copy of a ${kind} never takes the place of a file that somebody repaired meanwhile`, async (t) => {
    const { dir, context } = await makeContext(t);
    const path = join(dir, "tool.sh");
    await writeFile(path, CLEAN);
    const unfinished = operation(kind, path, "infected", CLEAN);
    await startOperation(context.db, unfinished);
    await writeFile(join(dir, unfinished.temporary), CLEAN.slice(0, 20));
    await recoverOperations(context, silentLogger);
    assert.equal(await readFile(path, "utf8"), CLEAN);
    assert.deepEqual((await readdir(dir)).sort(), ["agent", "tool.sh"]);
  });

test("what somebody wrote just before an exchange comes back, also after a kill", async (t) => {
  const { dir, context } = await makeContext(t);
  const path = join(dir, "tool.sh");
  await writeFile(path, CLEAN);
  for (const kind of ["repair", "restore"] as const) {
    const unfinished = operation(kind, path, "infected", CLEAN);
    await startOperation(context.db, unfinished);
    await writeFile(join(dir, unfinished.temporary), "the owner's newest words");
    await recoverOperations(context, silentLogger);
    assert.equal(await readFile(path, "utf8"), "the owner's newest words");
    await writeFile(path, CLEAN);
  }
});

test("a file that was moved aside and cannot have its name back lies beside it; the agent starts all the same", async (t) => {
  const { dir, context } = await makeContext(t);
  const path = join(dir, "tool.sh");
  await writeFile(path, "a new file of the owner");
  const unfinished = operation("hold", path, "infected", null);
  await startOperation(context.db, unfinished);
  await writeFile(join(dir, unfinished.temporary), "an older file of the owner");
  await recoverOperations(context, silentLogger);
  assert.equal(await readFile(path, "utf8"), "a new file of the owner");
  assert.equal(await readFile(`${path}.thymus-saved-1`, "utf8"), "an older file of the owner");
  assert.equal(await context.db.selectFrom("operation").selectAll().executeTakeFirst(), undefined);
});

test("an operation whose folder became a symbolic link does not keep the agent from starting", async (t) => {
  const { dir, context } = await makeContext(t);
  await mkdir(join(dir, "real", "inner"), { recursive: true });
  await symlink(join(dir, "real"), join(dir, "link"));
  await startOperation(context.db, operation("repair", join(dir, "link", "inner", "x"), "a", "b"));
  const errors: string[] = [];
  await recoverOperations(context, { ...silentLogger, error: (message) => errors.push(message) });
  assert.deepEqual(errors, ["an unfinished repair cannot be recovered now"]);
});
