import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { holdLock } from "./hold.ts";

const holdInChild = `
import { holdLock } from ${JSON.stringify(new URL("./hold.ts", import.meta.url).href)};
await holdLock(process.argv[1], { what: "the child" });
process.stdout.write("held");
setInterval(() => {}, 1000);
`;

test("a lock is one process's, and free again however that process ends", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "thymus-hold-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "new", "lock");
  const child = spawn(process.execPath, ["--no-warnings", "--input-type=module", "-e", holdInChild, file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  try {
    await once(child.stdout, "data");
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    await assert.rejects(holdLock(file, { what: "the agent", waitMs: 0 }), {
      code: "CONFLICT",
      message: `the agent runs already (process ${child.pid})`,
    });
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
  const release = await holdLock(file, { what: "the agent", waitMs: 0 });
  await assert.rejects(holdLock(file, { what: "the agent", waitMs: 0 }), { code: "CONFLICT" });
  release();
  release();
  const again = await holdLock(file, { what: "the agent", waitMs: 0 });
  again();
});

test("whoever waits gets the lock of a holder that ends", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "thymus-hold-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "lock");
  const release = await holdLock(file, { what: "it" });
  const next = holdLock(file, { what: "it", waitMs: 60_000 });
  release();
  (await next)();
});
