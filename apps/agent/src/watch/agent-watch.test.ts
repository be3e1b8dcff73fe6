import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { needs } from "@thymus/testkit";
import { baselineRow } from "../monitors/baseline.ts";
import { openAgentDatabase } from "../state/open.ts";
import { makeScene, until } from "../testing/scene.ts";

async function scene(t: TestContext, watcher: "fanotify" | "inotify", settleSeconds: number) {
  const made = await makeScene({ watcher, settleSeconds });
  mkdirSync(made.watched, { recursive: true });
  if (watcher === "fanotify") execFileSync("mount", ["-t", "tmpfs", "none", made.watched]);
  t.after(async () => {
    await made.stopAgent();
    if (watcher === "fanotify") execFileSync("umount", ["-l", made.watched]);
    await made.close();
  });
  return made;
}

for (const watcher of ["fanotify", "inotify"] as const)
  test(`${watcher}: after a burst self is exactly what is there, and the machine says how it is watched`, {
    skip: watcher === "fanotify" && needs("root"),
  }, async (t) => {
    const it = await scene(t, watcher, 0.3);
    for (let index = 0; index < 300; index++) writeFileSync(join(it.watched, `old-${index}`), "old");
    await it.startAgent();
    const truth = new Map<string, number>();
    for (let index = 0; index < 300; index++) {
      const old = join(it.watched, `old-${index}`);
      if (index % 3 === 0) rmSync(old);
      else if (index % 3 === 1) {
        writeFileSync(old, "written again");
        truth.set(old, 13);
      } else {
        const folder = join(it.watched, `n${index % 7}`, `m${index}`);
        mkdirSync(folder, { recursive: true });
        renameSync(old, join(folder, "renamed"));
        truth.set(join(folder, "renamed"), 3);
      }
    }
    const db = await openAgentDatabase(it.dataDir);
    t.after(() => db.destroy());
    const gone = Array.from({ length: 300 }, (_, index) => join(it.watched, `old-${index}`)).filter(
      (path) => !truth.has(path),
    );
    await until("self is what is there", async () => {
      for (const [path, size] of truth) if ((await baselineRow(db, path))?.size !== size) return false;
      for (const path of gone) if (await baselineRow(db, path)) return false;
      return true;
    });
    await until("the health is told", () => it.server.health?.coverage !== undefined);
    assert.equal(it.server.health?.coverage?.source, watcher);
    assert.equal(it.server.health?.coverage?.gaps, 0);
    assert.notEqual(it.server.health?.coverage?.compared, null);
    await it.stopAgent();
    await it.startAgent();
    // Both roots: the watched folder and the drill folder.
    await until("the time without an agent is a gap", () => it.server.health?.coverage?.gaps === 2);
  });

test("a change that is clear by itself is judged before the folder was quiet, and who wrote it is named", {
  skip: needs("root"),
}, async (t) => {
  const it = await scene(t, "fanotify", 3600);
  await it.startAgent();
  const db = await openAgentDatabase(it.dataDir);
  t.after(() => db.destroy());
  const decoy = await db
    .selectFrom("decoy")
    .select("path")
    .where("root", "=", it.watched)
    .executeTakeFirstOrThrow();
  // The planting of the decoys comes to rest: a look at it that is under way knows of no other writer.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  spawnSync("sh", ["-c", `echo infected >> '${decoy.path}'`]);
  const suspect = () => db.selectFrom("suspect_case").select(["path", "sample"]).executeTakeFirst();
  await until("the touched decoy is suspected", async () => (await suspect()) !== undefined);
  const found = await suspect();
  assert.equal(found?.path, decoy.path);
  assert.match(found?.sample ?? "", /written by .*, process \d+/);
});
