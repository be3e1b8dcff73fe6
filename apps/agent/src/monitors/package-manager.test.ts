import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { dpkg } from "./package-manager.ts";

test("dpkg vouches for exactly the content of its manifest, under both names of a merged /usr", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "thymus-dpkg-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, "info"));
  const md5 = (text: string) => createHash("md5").update(text).digest("hex");
  await writeFile(
    join(folder, "info", "tool.md5sums"),
    `${md5("new")}  usr/bin/tool\n${md5("old")}  bin/other\n`,
  );
  const packages = dpkg(folder);
  const vouched = await packages.vouches(
    new Map([
      ["/usr/bin/tool", Buffer.from("new")],
      ["/usr/bin/other", Buffer.from("old")],
      ["/usr/bin/third", Buffer.from("new")],
    ]),
  );
  assert.deepEqual([...vouched].sort(), [
    ["/usr/bin/other", "tool"],
    ["/usr/bin/tool", "tool"],
  ]);
  assert.equal((await packages.vouches(new Map([["/usr/bin/tool", Buffer.from("infected")]]))).size, 0);
  assert.equal(await packages.busy(), false);
  assert.equal((await dpkg(join(folder, "nothing")).vouches(new Map([["/a", Buffer.from("x")]]))).size, 0);
});
