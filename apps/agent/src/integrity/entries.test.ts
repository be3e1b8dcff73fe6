import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { rowsAtOrBelow } from "../monitors/baseline.ts";
import { openAgentDatabase } from "../state/open.ts";
import { entryAt, forgetEntries, recordEntries, recordEntry } from "./entries.ts";

const STAMP = "3 1 1 7 33188 0 0";
const entry = { stamp: STAMP, sha256: null, program: 0 };

async function database(t: TestContext) {
  const dir = await mkdtemp(join(tmpdir(), "thymus-entries-"));
  const db = await openAgentDatabase(dir);
  t.after(async () => {
    await db.destroy();
    await rm(dir, { recursive: true, force: true });
  });
  return db;
}

test("many entries are recorded as one by one, over what was there, whatever their names", async (t) => {
  const db = await database(t);
  const paths = ["/top", "/d/a", "/d/ä 'b'\n", "/d/e/\\c", "/d/\u{1f41f}"];
  for (const path of ["/d/a", "/alone"])
    await recordEntry(db, path, { stamp: "0 0 0 1 33188 0 0", sha256: "AAAA", program: 1 });
  await recordEntries(
    db,
    paths.map((path) => ({ path, ...entry })),
  );
  for (const path of paths)
    assert.deepEqual({ ...(await entryAt(db, path)) }, { stamp: STAMP, sha256: null, program: 0 });
  assert.equal((await entryAt(db, "/alone"))?.program, 1);
});

test("of a folder that is gone everything below is forgotten, and nothing beside it", async (t) => {
  const db = await database(t);
  const kept = ["/d/gone.txt", "/d/gone-not/x", "/d/gone0", "/d/still/y", "/d/still"];
  const lost = ["/d/gone", "/d/gone/x", "/d/gone/deep/er/z", "/d/ö/x", "/d/file"];
  await recordEntries(
    db,
    [...kept, ...lost].map((path) => ({ path, ...entry })),
  );
  await forgetEntries(db, ["/d/gone", "/d/ö", "/d/file"], ["/d/gone", "/d/ö", "/d/file"]);
  // Something else lies there now: what is below may be.
  await forgetEntries(db, ["/d/still"], []);
  for (const path of lost) assert.equal(await entryAt(db, path), null, path);
  assert.equal(await entryAt(db, "/d/still"), null);
  for (const path of kept.slice(0, -1)) assert.notEqual(await entryAt(db, path), null, path);
  const folders = await db.selectFrom("tree_folder").select("path").orderBy("path").execute();
  assert.deepEqual(
    folders.map(({ path }) => path),
    ["/d", "/d/gone-not", "/d/still"],
  );
});

test("programs that a gone path was, or held, are found by their whole names", async (t) => {
  const db = await database(t);
  const common = {
    size: 1,
    mtime_ns: "1",
    ctime_ns: "1",
    ino: "1",
    mode: 0o755,
    type: "elf64" as const,
    program: 1,
    whole: 1,
  };
  for (const path of ["/a/b", "/a/b/c", "/a/b.c", "/a/b0", "/x"])
    await db
      .insertInto("file")
      .values({
        path,
        root: "/",
        ...common,
        sha256: null,
        signature: null,
        fingerprint: null,
        appeared: null,
        accepted: "",
        how: "",
      })
      .execute();
  const found = await rowsAtOrBelow(db, ["/a/b", "/x", "/nothing"]);
  assert.deepEqual(found.map(({ path }) => path).sort(), ["/a/b", "/a/b/c", "/x"]);
});
