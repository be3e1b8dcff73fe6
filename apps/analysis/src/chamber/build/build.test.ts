import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { writeCpio } from "./cpio.ts";
import { takeLock } from "./lock.ts";
import { moduleDepends, moduleName, resolveModules } from "./modules.ts";
import { ownSources, sourcesList } from "./sources.ts";

test("only the distribution's own sources reach the guest", () => {
  const lines = `http://a/debian/|stable-name|main|Debian
http://a/debian/|stable-name|non-free|Debian
http://a/sec/|stable-name-security|main|Debian
http://other/|stable-name|main|Somebody
http://other/|nodistro|main|`;
  const sources = ownSources(lines, "stable-name");
  assert.deepEqual(
    sources.map((source) => [source.uri, source.release]),
    [
      ["http://a/debian/", "stable-name"],
      ["http://a/sec/", "stable-name-security"],
    ],
  );
  assert.match(sourcesList(sources, "stable-name", true), /^deb \[arch=amd64\] http:\/\/a\/sec\/ /m);
});

test("modules come after what they need, built-in ones are passed over", async () => {
  const module = (depends: string) => Buffer.from(`\0license=GPL\0depends=${depends}\0name=x\0`);
  const files: Record<string, Buffer> = { a: module("b,c"), b: module("c"), c: module("") };
  const order = await resolveModules(["a", "builtin"], async (name) => files[name] ?? null);
  assert.deepEqual(
    order.map(({ name }) => name),
    ["c", "b", "a"],
  );
  assert.deepEqual(moduleDepends(module("virtio-ring")), ["virtio_ring"]);
  assert.equal(moduleName("x/virtio-rng.ko.xz"), "virtio_rng");
});

test("an archive of the initial RAM disk is aligned and ends as cpio(5) says", () => {
  const bytes = writeCpio([{ name: "bin/x", mode: 0o100755, content: Buffer.from("abc") }]);
  assert.equal(bytes.toString("latin1", 0, 6), "070701");
  assert.equal(bytes.length % 4, 0);
  assert.ok(bytes.includes("TRAILER!!!"));
});

test("a lock keeps a second builder out, and a dead one's is taken over", async () => {
  const folder = await mkdtemp(join(tmpdir(), "thymus-lock-"));
  try {
    const path = join(folder, "lock");
    const release = await takeLock(path, "busy");
    await assert.rejects(takeLock(path, "busy"), { code: "CONFLICT" });
    await release();
    await writeFile(path, "999999999 1");
    await (await takeLock(path, "busy"))();
    assert.deepEqual(await readdir(folder), []);
  } finally {
    await rm(folder, { recursive: true });
  }
});
