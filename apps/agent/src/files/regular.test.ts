import assert from "node:assert/strict";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readXattrs } from "./libc.ts";
import { askSame, type FileFacts, readWithXattrs } from "./regular.ts";

const xattrsOf = (path: string, facts: FileFacts) => askSame(path, facts, readXattrs);

test("attributes are of the file that was read, never of another that lies there by now", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "thymus-regular-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const path = join(dir, "file");
  await writeFile(path, "words");
  const read = await readWithXattrs(path, 100);
  assert.equal(read!.content.bytes.toString(), "words");
  assert.deepEqual(await xattrsOf(path, read!.content.facts), read!.xattrs);
  await rename(path, `${path}.away`);
  assert.equal(await xattrsOf(path, read!.content.facts), null);
  await writeFile(path, "words");
  assert.equal(await xattrsOf(path, read!.content.facts), null);
});
