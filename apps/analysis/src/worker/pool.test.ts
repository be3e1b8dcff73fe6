/** Workers that are ready before their sample, on the real chamber. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { newId } from "@thymus/contracts";
import { needs } from "@thymus/testkit";
import { chamberPaths } from "../chamber/paths.ts";
import { sealMemory } from "../chamber/run/memory.ts";
import { chamberDir as dataDir, sharedChamber } from "../chamber/testing/shared.ts";
import { discard, WorkerPool } from "./pool.ts";
import { runWorker } from "./run.ts";

const skip = needs("qemu", "bwrap", "root", "apt");
const silent = { info() {}, warn() {}, error() {} };
let temp: string;

before(
  async () => {
    if (skip) return;
    temp = await mkdtemp(join(tmpdir(), "thymus-pool-"));
    await sharedChamber();
  },
  { timeout: 900_000 },
);
after(async () => {
  if (!skip) await rm(temp, { recursive: true, force: true });
});

test("a worker with a restored chamber serves one sample and leaves nothing", { skip }, async () => {
  const pool = new WorkerPool({
    ...{ parent: temp, chamberDir: dataDir, readable: [], workers: 1, machines: 1, log: silent },
  });
  try {
    while (pool.ready.length === 0) await sleep(50);
    const worker = pool.take()!;
    assert.equal(pool.ready.length, 0);
    const sample = join(worker.folder, "sample.bin");
    await writeFile(sample, "#!/bin/sh\necho hello\n");
    const result = await runWorker(
      {
        ...{ kind: "analyse", sample, name: "hello.sh", seed: "pool", chamberDir: dataDir },
        caseId: newId("case"),
        ...{ corpusDir: temp, drillPrograms: null, out: worker.folder, budgetSeconds: 60, parallel: 1 },
        variations: 0,
      },
      { readable: [], limitSeconds: 90, warm: worker },
    );
    assert.equal(result.verdict, "harmless");
    await discard(worker);
    while (pool.ready.length === 0) await sleep(50);
    assert.deepEqual(await readdir(temp), [pool.ready[0]!.folder.slice(temp.length + 1)], "another is ready");
  } finally {
    await pool.close();
  }
  assert.deepEqual(await readdir(temp), []);
});

test("nobody can change the memory that later runs start from", { skip }, async () => {
  const { memory } = chamberPaths(dataDir);
  const sealed = await sealMemory(memory, undefined);
  try {
    const path = `/proc/${process.pid}/fd/${sealed.fd}`;
    assert.equal(spawnSync("cmp", [memory, path]).status, 0, "it holds what was saved");
    for (const [what, code] of [
      ["write", "EPERM"],
      ["truncate", "EPERM"],
    ]) {
      const script = `import { openSync, writeSync, ftruncateSync } from "node:fs";
        const fd = openSync(${JSON.stringify(path)}, "r+");
        try { ${what === "write" ? "writeSync(fd, 'x', 4096)" : "ftruncateSync(fd, 0)"}; console.log("done"); } catch (error) { console.log(error.code); }`;
      const ran = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
      assert.equal(ran.stdout, `${code}\n`, `${what}: ${ran.stderr}`);
    }
  } finally {
    sealed.close();
  }
});
