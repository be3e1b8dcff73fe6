import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { pathIsSafe, type ReadAt, readTar, writeTar } from "./tar.ts";

const readerOf =
  (bytes: Uint8Array): ReadAt =>
  async (at, length) =>
    Buffer.from(bytes.subarray(at, at + length));
const all = (bytes: Uint8Array) => ({ start: 0, end: bytes.length, maxEntries: 100 });
const part = fc.stringMatching(/^[a-z0-9_ äß-]{1,60}$/);
const path = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join("/"));

test("what is written is read again, long names too", async () => {
  const files = fc.uniqueArray(fc.record({ path, content: fc.uint8Array({ maxLength: 1500 }) }), {
    selector: (file) => file.path,
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(files, async (list) => {
      const bytes = Buffer.concat([...writeTar(list.map((file) => ({ ...file, mode: 0o755, uid: 1000 })))]);
      const { entries, cut } = await readTar(readerOf(bytes), all(bytes));
      assert.equal(cut, false);
      assert.deepEqual(
        entries.map((entry) => [
          entry.path,
          Buffer.from(bytes.subarray(entry.at, entry.at + entry.size)).toString("hex"),
        ]),
        list.map((file) => [file.path, Buffer.from(file.content).toString("hex")]),
      );
    }),
    { numRuns: 60 },
  );
});

test("any bytes are read without an error, and nothing beyond their end", async () => {
  const valid = Buffer.concat([
    ...writeTar([{ path: "a/b", mode: 0o644, uid: 0, content: Buffer.alloc(700, 1) }]),
  ]);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 12 }),
      async (edits) => {
        const bytes = Buffer.from(valid);
        for (const [at, value] of edits) bytes[at] = value;
        for (const entry of (await readTar(readerOf(bytes), all(bytes))).entries) {
          assert.ok(entry.at + entry.size <= bytes.length);
          assert.ok(pathIsSafe(entry.path));
        }
      },
    ),
    { numRuns: 200 },
  );
});

test("a cut archive gives what is whole, and says that it is cut", async () => {
  const files = ["one", "two"].map((name) => ({
    path: name,
    mode: 0o644,
    uid: 0,
    content: Buffer.alloc(512, 7),
  }));
  const bytes = Buffer.concat([...writeTar(files)]).subarray(0, 1600);
  const { entries, cut } = await readTar(readerOf(bytes), all(bytes));
  assert.deepEqual([entries.map((entry) => entry.path), cut], [["one"], true]);
});

test("paths with tricks are refused", () => {
  for (const bad of ["", "/etc/x", "../x", "a/../b", "a//b", "./a", "a/.", "a\0b"])
    assert.equal(pathIsSafe(bad), false, bad);
  for (const good of ["a", "a/b c/.hidden", "..a/b"]) assert.equal(pathIsSafe(good), true, good);
});
