/** Killed once at every step of a family, three variants end with one prescription that replaces the first two. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { good } from "./testing/variants.ts";
import { World } from "./testing/world.ts";

const points = [
  "analysis.family.learned",
  "analysis.family.proved",
  "analysis.family.evidence-kept",
  "analysis.family.remembered",
];

test("killed at every step, the family ends the same", async () => {
  const world = await World.open(good);
  const used = await mkdtemp(join(tmpdir(), "thymus-families-used-"));
  try {
    await world.memory.close();
    const env = { ...process.env, THYMUS_FAILPOINT: points.join(","), THYMUS_FAILPOINT_ONCE: used };
    const child = join(import.meta.dirname, "testing/child.ts");
    let kills = 0;
    for (;;) {
      const running = spawn(process.execPath, [child, world.root], {
        env,
        stdio: ["ignore", "ignore", "inherit"],
      });
      const signal = await new Promise((resolve) => running.once("close", (code, by) => resolve(by ?? code)));
      if (signal === 0) break;
      assert.equal(signal, "SIGKILL");
      kills++;
      assert.ok(kills <= points.length);
    }
    assert.deepEqual((await readdir(used)).sort(), [...points].sort());
    const general = JSON.parse(await readFile(join(world.root, "case-3", "prescription.json"), "utf8"));
    assert.equal(general.replaces.length, 2);
    await world.reopen();
    for (const id of general.replaces) assert.equal(await world.memory.replacedBy(id), general.id);
    const kept = await readdir(join(world.root, "families", "evidence"));
    assert.deepEqual([kept.length, kept.filter((name) => name.startsWith("."))], [3, []]);
  } finally {
    await rm(used, { recursive: true });
    await world.close();
  }
});
