import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { sweepOutput, writeResult } from "./output.ts";

test("a worker that was taken over leaves no link, no result of its own and nothing that runs", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "thymus-output-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const key = join(dir, "key");
  await writeFile(key, "secret");
  const out = join(dir, "out");
  const digest = "0".repeat(64);
  await mkdir(join(out, "evidence", "inner"), { recursive: true });
  await writeFile(join(out, "sample.bin"), "sample", { mode: 0o400 });
  await writeFile(join(out, "trace.ndjson"), "{}");
  await writeFile(join(out, "prescription.json"), "a forged one");
  await symlink(key, join(out, "report.json"));
  await symlink(dir, join(out, "evidence", "link"));
  await symlink(key, join(out, "evidence", `${digest.replace("0", "1")}.evidence`));
  await writeFile(join(out, "evidence", `${digest}.evidence`), "decoy", { mode: 0o4755 });
  await writeFile(join(out, "evidence", "manifest.json"), "{}");

  await sweepOutput(out, join(out, "sample.bin"));
  assert.deepEqual((await readdir(out)).sort(), ["evidence", "sample.bin", "trace.ndjson"]);
  assert.deepEqual((await readdir(join(out, "evidence"))).sort(), [`${digest}.evidence`, "manifest.json"]);
  assert.equal((await stat(join(out, "evidence", `${digest}.evidence`))).mode & 0o7777, 0o400);

  await writeResult(join(out, "report.json"), "ours");
  assert.equal(await readFile(key, "utf8"), "secret");
  await symlink(key, join(out, "rule.yar"));
  await assert.rejects(writeResult(join(out, "rule.yar"), "ours"), { code: "EEXIST" });
});

test("a worker's link in place of the evidence folder goes", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "thymus-output-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const keys = join(dir, "keys");
  await mkdir(keys);
  await writeFile(join(keys, "key"), "secret");
  const out = join(dir, "out");
  await mkdir(out);
  await symlink(keys, join(out, "evidence"));
  await sweepOutput(out, join(out, "sample.bin"));
  assert.deepEqual(await readdir(out), []);
  assert.equal(await readFile(join(keys, "key"), "utf8"), "secret");
});
