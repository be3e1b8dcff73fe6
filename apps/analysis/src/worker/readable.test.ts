import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { corpusFolders } from "./readable.ts";

test("a folder of goodware that is gone keeps no worker from starting", async () => {
  const dir = await mkdtemp(join(tmpdir(), "thymus-readable-"));
  try {
    const sha256 = "0".repeat(64);
    const manifest = {
      ...{ version: 1, digest: `sha256:${sha256}`, files: 1, bytes: 1, made: "2026-01-01T00:00:00.000Z" },
      ...{ sources: ["dpkg", dir, join(dir, "gone")], model: { order: 5, bytes: 1, sha256 } },
    };
    await writeFile(join(dir, "manifest.json"), JSON.stringify(manifest));
    assert.deepEqual(await corpusFolders(dir), [dir, dir]);
  } finally {
    await rm(dir, { recursive: true });
  }
});
