import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { needs } from "@thymus/testkit";

const program = fileURLToPath(new URL("../testing/small-file-system.ts", import.meta.url));

test("on another file system that is full, or read-only, a restore and a hold are refused with the reason, and lose nothing", {
  skip: needs("root"),
}, async (t) => {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "thymus-small-")));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const mounted = join(dir, "mounted");
  await mkdir(mounted);
  // The mount is gone with its namespace, however the program ends.
  const out = execFileSync(
    "unshare",
    ["--mount", "--propagation", "private", process.execPath, program, JSON.stringify({ dir, mounted })],
    { encoding: "utf8", timeout: 120_000 },
  );
  const seen = JSON.parse(out) as Record<string, unknown>;
  assert.match(String(seen.full), /STORE_FAILED: .*the file system is full/);
  assert.deepEqual(seen.afterFull, [["filler"], ["held"]]);
  assert.match(String(seen.readOnly), /STORE_FAILED: .*the file system is read-only/);
  assert.deepEqual(seen.afterReadOnly, [[], ["held"]]);
  assert.equal(seen.again, "done");
  assert.equal(seen.restored, true);
  assert.match(String(seen.holding), /STORE_FAILED: .*the file system is read-only/);
  assert.deepEqual(seen.afterHolding, [["tool"], ["restored"], []]);
});
