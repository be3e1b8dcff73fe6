/** Samples that are made to hurt whoever opens them: a clear outcome within the budget, nothing left behind. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFile, mkdir, mkdtemp, open, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { ImmunizeReport, parseJsonDocument } from "@thymus/contracts";
import { needs } from "@thymus/testkit";
import { ensureTestData, testData, thymus } from "./support/cli.ts";

const skip = needs("root", "qemu", "bwrap", "apt");
let folder = "";
before(async () => {
  if (skip) return;
  await ensureTestData();
  folder = await mkdtemp(join(tmpdir(), "thymus-hostile-"));
});
after(async () => {
  if (folder) await rm(folder, { recursive: true, force: true });
});

const immunize = (sample: string, ...more: string[]) =>
  thymus(["immunize", sample, "--out", join(folder, "out"), "--json", "--data", testData, ...more]);
const nothingLeft = async (kept = 0) =>
  assert.equal((await readdir(join(folder, "out")).catch(() => [])).length, kept);

const refusals: [name: string, code: string, make: (path: string) => Promise<unknown>][] = [
  ["empty", "EMPTY", (path) => writeFile(path, "")],
  ["directory", "NOT_A_FILE", (path) => mkdir(path)],
  ["fifo", "NOT_A_FILE", async (path) => execFileSync("mkfifo", [path])],
  [
    "gigabyte",
    "TOO_LARGE",
    async (path) => {
      const file = await open(path, "w");
      await file.truncate(1024 ** 3);
      await file.close();
    },
  ],
];
for (const [name, code, make] of refusals) {
  test(`a sample that is ${name} is refused as ${code}`, { skip }, async () => {
    const path = join(folder, name);
    await make(path);
    const ended = await immunize(path);
    assert.equal(ended.status, 2, ended.stderr);
    assert.equal((JSON.parse(ended.stdout) as { error: { code: string } }).error.code, code);
    await nothingLeft();
    await rm(path, { recursive: true });
  });
}

async function unknown(path: string, why: RegExp, ...more: string[]): Promise<void> {
  const ended = await immunize(path, ...more);
  assert.equal(ended.status, 3, ended.stdout + ended.stderr);
  const report = parseJsonDocument(ImmunizeReport, ended.stdout, "the report");
  assert.equal(report.verdict, "unknown");
  assert.equal(report.prescription, null);
  assert.match(report.gaveUp!.why, why);
  await nothingLeft(1);
  await rm(join(folder, "out"), { recursive: true });
}

test("a zip bomb is not opened", { skip }, async () => {
  const path = join(folder, "bomb.gz");
  let layer: Buffer = Buffer.alloc(64 * 1024 * 1024);
  for (let depth = 0; depth < 4; depth++) layer = gzipSync(layer);
  await writeFile(path, layer);
  await unknown(path, /archive/);
});

test("a truncated ELF cannot run and is said to be unknown", { skip }, async () => {
  const path = join(folder, "truncated");
  await copyFile("/bin/ls", path);
  await truncate(path, 700);
  await unknown(path, /could not run/);
});

test("a sample that loops for ever is ended within its budget", { skip }, async () => {
  const path = join(folder, "loop.sh");
  await writeFile(path, "#!/bin/sh\nwhile :; do :; done\n");
  const started = performance.now();
  await unknown(path, /still running/, "--budget", "60");
  assert.ok((performance.now() - started) / 1000 < 75);
});

test("a call that is interrupted leaves nothing behind", { skip }, async () => {
  const path = join(folder, "loop2.sh");
  await writeFile(path, "#!/bin/sh\nsleep 100\n");
  const { start } = await import("./support/cli.ts");
  const child = start(["immunize", path, "--out", join(folder, "out"), "--data", testData]);
  await new Promise((resolve) => setTimeout(resolve, 4000));
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGINT");
  await gone;
  await nothingLeft();
});
