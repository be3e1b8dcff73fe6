import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { needs } from "@thymus/testkit";
import { sha256Of } from "./files/regular.ts";
import { openAgentDatabase } from "./state/open.ts";
import { prescriptionFor } from "./testing/infection.ts";
import { makeScene, type Scene, until, untilCount } from "./testing/scene.ts";
import { everyField, writeStrangeFiles } from "./testing/strange-owners.ts";
import { openQuarantine } from "./verbs/quarantine.ts";

const program = fileURLToPath(new URL("./testing/agent-process.ts", import.meta.url));

/** 1,000 are recalled for docs/agent-figures.md. */
const COUNT = Number(process.env.THYMUS_RECALL_FILES ?? 150);

/** A prescription whose rule finds the owner's good files, and that cannot give back anything. */
const wrong = () => prescriptionFor([sha256Of(Buffer.from("another sample"))], { repair: [] });

async function sceneWith(t: TestContext) {
  const scene = await makeScene();
  t.after(async () => {
    execFileSync("chattr", ["-R", "-f", "-ia", scene.dir], { stdio: "ignore" });
    await scene.close();
  });
  return scene;
}

const present = async (paths: readonly string[]) =>
  (
    await Promise.all(
      paths.map((path) =>
        access(path).then(
          () => 1,
          () => 0,
        ),
      ),
    )
  ).filter(Boolean).length;

const told = (scene: Scene) => readFile(join(scene.dataDir, "events.ndjson"), "utf8");

async function approve(scene: Scene, id: string): Promise<void> {
  const verbs = await openQuarantine(scene);
  await verbs.approve(id);
  await verbs.close();
}

test("a wrong prescription is stopped by the brake; what a person let it take, all of its files, is identical after its recall", {
  skip: needs("root"),
}, async (t) => {
  const scene = await sceneWith(t);
  const { server, watched } = scene;
  const paths = await writeStrangeFiles(watched, COUNT);
  const before = await everyField(paths);
  await scene.startAgent();
  const prescription = wrong();
  await server.prescribe(prescription);
  const left = () => present(paths);
  await untilCount("the brake", left, COUNT - 100);
  // The rest is looked at, too, and left: each is one more event of the timeline.
  await untilCount(
    "the outcome",
    async () => (server.outcomes.length > 0 ? -1 : (await told(scene)).length),
    -1,
  );
  assert.equal(server.outcomes[0]!.healthy, false);
  assert.match(server.outcomes[0]!.why!, /until a person agrees: .* has taken 100 files here/);
  assert.equal(await present(paths), COUNT - 100);
  await until("a notice", () =>
    (server.health?.notices ?? []).join().includes(`finds ${COUNT - 100} more files`),
  );
  await approve(scene, prescription.id);
  await untilCount("all", left, 0);
  await until("the outcome", () => server.outcomes.length === 2);
  server.recall(prescription.id);
  await untilCount("all back", left, COUNT);
  await until("the recall", () => server.events.some(({ what }) => what.startsWith("recalled")));
  const after = await everyField(paths);
  for (const [index, fields] of after.entries()) assert.deepEqual(fields, before[index]);
  assert.deepEqual(await readdir(join(scene.dataDir, "quarantine")), []);
  assert.ok(
    server.events.some(
      ({ what }) => what === `recalled ${prescription.id}: ${COUNT} files are back as they were`,
    ),
  );
});

test("an agent that is killed in the middle of a recall finishes it when it starts again", {
  skip: needs("root"),
}, async (t) => {
  const scene = await sceneWith(t);
  const { config, dataDir, server, watched } = scene;
  const paths = await writeStrangeFiles(watched, 80);
  const before = await everyField(paths);
  await scene.startAgent();
  const prescription = wrong();
  await server.prescribe(prescription);
  await until("all", () => server.outcomes.length === 1);
  assert.equal(await present(paths), 0);
  await scene.stopAgent();
  server.recall(prescription.id);
  // Killed at four files: by the clock, wherever each then is.
  for (const some of [10, 30, 50, 70]) {
    const child = spawn(process.execPath, [program, JSON.stringify({ dataDir, config })], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await until("some files", async () => (await present(paths)) >= some);
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  await scene.startAgent();
  await until("the recall", () => server.events.some(({ what }) => what.startsWith("recalled")));
  const after = await everyField(paths);
  for (const [index, fields] of after.entries()) assert.deepEqual(fields, before[index]);
  assert.deepEqual(await readdir(join(dataDir, "quarantine")), []);
  assert.equal(
    (await readdir(watched, { recursive: true })).filter((name) => name.includes(".thymus-tmp-")).length,
    0,
  );
});

test("what lies in quarantine for longer than the owner wants is deleted, and told", async (t) => {
  const scene = await makeScene({ quarantineDays: 1 });
  t.after(() => scene.close());
  const { server, watched } = scene;
  await scene.startAgent();
  const path = join(watched, "tool.sh");
  await mkdir(watched, { recursive: true });
  await writeFile(path, `#!/bin/sh\n: qz7-never-run-9f2c41d8e6b35a07 this text\n`);
  await server.prescribe(wrong());
  await until("an outcome", () => server.outcomes.length === 1);
  await scene.stopAgent();
  const db = await openAgentDatabase(scene.dataDir);
  await db
    .updateTable("quarantine")
    .set({ at: new Date(Date.now() - 2 * 86_400_000).toISOString() })
    .execute();
  await db.destroy();
  await scene.startAgent();
  await until("the word", () =>
    server.events.some(({ what }) => what.startsWith(`deleted from quarantine after 1 days: ${path}`)),
  );
  await until("no seal", async () => (await readdir(join(scene.dataDir, "quarantine"))).length === 0);
  await rm(path, { force: true });
});
