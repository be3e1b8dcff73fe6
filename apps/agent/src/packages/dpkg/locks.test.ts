import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Locks } from "./locks.ts";

test("a lock counts by file system and inode, and only while somebody holds it", {
  skip: process.platform !== "linux" && "locks of other systems are not read",
}, async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "thymus-locks-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  await writeFile(join(dir, "lock"), "");
  const locks = new Locks(dir);
  assert.equal(await locks.held(), false);
  const holder = spawn("flock", [join(dir, "lock"), "sh", "-c", "echo held; read line"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  assert.equal(await new Locks(dir).held(), true);
  assert.deepEqual(await locks.notices(), [], "not for long");
  const line = (await readFile("/proc/locks", "utf8"))
    .split("\n")
    .find((each) => each.includes(` ${holder.pid} `));
  assert.match(line ?? "", /[0-9a-f]{2}:[0-9a-f]{2}:\d+/);
  holder.stdin.end("\n");
  await once(holder, "exit");
  await pause(60);
  assert.equal(await locks.held(), false);
});
