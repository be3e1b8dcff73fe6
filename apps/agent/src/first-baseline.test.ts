import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Config, silentLogger } from "@thymus/contracts";
import { runAgent } from "./agent.ts";
import { sha256Of } from "./files/regular.ts";
import { DROPPER, digests, infect, prescriptionFor, writeScripts } from "./testing/infection.ts";
import { makeScene, noPackages, type Scene, until } from "./testing/scene.ts";

const program = fileURLToPath(new URL("./testing/agent-process.ts", import.meta.url));

/** Scripts that a first step records, a large file that ends it, and scripts behind that. Folders are gone through from the last on. */
async function tree(t: TestContext) {
  const scene = await makeScene();
  t.after(() => scene.close());
  const { watched } = scene;
  const early = await writeScripts(join(watched, "z"), 4);
  const late = await writeScripts(join(watched, "a"), 3);
  await writeFile(join(watched, "a", "large"), Buffer.alloc(1 << 20));
  return { scene, early, late };
}

function recorded(scene: Scene, path: string): string | null {
  const db = new DatabaseSync(join(scene.dataDir, "agent.db"), { readOnly: true });
  try {
    const row = db.prepare("select sha256 from file where path = ?").get(path);
    return (row?.sha256 as string | undefined) ?? null;
  } finally {
    db.close();
  }
}

/** An agent whose first baselines stand still after their first step until they are let go on. */
async function held(t: TestContext, { dataDir, config }: Scene) {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const parts = { packages: noPackages, places: null, pace: () => released };
  const agent = await runAgent({ dataDir, config, log: silentLogger }, parts);
  t.after(() => {
    release();
    return agent.close();
  });
  return { agent, release };
}

test("killed in the middle of the first baseline, what changed until it goes on is judged, recorded already or not", async (t) => {
  const { scene, early, late } = await tree(t);
  const clean = await digests([...early, ...late]);
  const died = join(scene.dir, "died");
  const env = { ...process.env, THYMUS_FAILPOINT: "agent.baseline.recorded", THYMUS_FAILPOINT_ONCE: died };
  const options = { dataDir: scene.dataDir, config: scene.config };
  const child = spawn(process.execPath, [program, JSON.stringify(options)], { env, stdio: "inherit" });
  const [, signal] = await once(child, "exit");
  assert.equal(signal, "SIGKILL");
  const known = early.filter((path) => recorded(scene, path) !== null);
  const unknown = late.filter((path) => recorded(scene, path) === null);
  assert.ok(known.length > 1 && unknown.length > 1, "it died between two steps");

  await writeFile(join(scene.watched, "setup.sh"), DROPPER, { mode: 0o755 });
  const changed = [known[0]!, known[1]!, unknown[0]!];
  for (const path of changed) await infect(path);
  const infectedDigests = await digests(changed);
  await scene.startAgent();
  await until("a case", () => scene.server.cases.size === 1);
  const { reasons, subject } = [...scene.server.cases.values()][0]!.sample.suspicion;
  // Of a script that was not recorded yet nothing tells that it was there before.
  assert.ok([join(scene.watched, "setup.sh"), unknown[0]].includes(subject.path));
  assert.ok(reasons.length >= 2);
  const before = known.slice(0, 2).map((path) => clean[early.indexOf(path)]);
  const now = changed.map((path) => recorded(scene, path));
  for (const digest of infectedDigests) assert.ok(!now.includes(digest), "what is suspect is not self");
  assert.deepEqual(now.slice(0, 2), before);
  assert.equal(recorded(scene, late[2]!), clean.at(-1), "the rest is");
});

test("in a folder that was watched before the one around it, what changed while no agent ran is judged", async (t) => {
  const scene = await makeScene();
  t.after(() => scene.close());
  const inner = join(scene.watched, "inner");
  const scripts = await writeScripts(inner, 4);
  const clean = await digests(scripts);
  const watch = (folder: string) =>
    Config.parse({ ...scene.config, agent: { ...scene.config.agent, watch: [folder] } });
  const run = async (folder: string) => {
    const { dataDir } = scene;
    const started = await runAgent(
      { dataDir, config: watch(folder), log: silentLogger },
      { packages: noPackages, places: null },
    );
    await started.baselined();
    return started;
  };
  await (await run(inner)).close();
  await writeFile(join(inner, "setup.sh"), DROPPER, { mode: 0o755 });
  for (const path of scripts.slice(0, 3)) await infect(path);
  await writeScripts(join(scene.watched, "outside"), 1);
  scene.agent = await run(scene.watched);
  await until("a case", () => scene.server.cases.size === 1);
  assert.equal([...scene.server.cases.values()][0]!.sample.suspicion.subject.path, join(inner, "setup.sh"));
  assert.equal(recorded(scene, join(inner, "setup.sh")), null);
  assert.deepEqual(
    scripts.map((path) => recorded(scene, path)),
    clean,
  );
  await scene.stopAgent();
  // The open case of the folder within does not become self by another folder around both.
  scene.agent = await run(scene.dir);
  assert.equal(recorded(scene, join(inner, "setup.sh")), null);
  assert.deepEqual(
    scripts.map((path) => recorded(scene, path)),
    clean,
  );
});

test("while the first baseline is made, the agent speaks with its server, acts on prescriptions and judges; nothing is lost", async (t) => {
  const { scene, early, late } = await tree(t);
  const { server, watched } = scene;
  const clean = await digests(late);
  const { agent, release } = await held(t, scene);
  const making = (text: string) => text.startsWith(`the first baseline of ${watched} is being made`);
  await until("health tells of it", () => server.health?.notices?.some(making) === true);
  assert.match(server.health!.notices!.find(making)!, /[1-9]\d* files so far/);

  await server.prescribe(prescriptionFor([sha256Of(Buffer.from("another sample"))]));
  await until("the prescription is active", () => server.outcomes.length === 1);
  await infect(late[0]!);
  await until("a repair", async () => (await digests([late[0]!]))[0] === clean[0]);

  await writeFile(join(watched, "a", "new.sh"), "#!/bin/sh\necho by its owner\n", { mode: 0o755 });
  await until("it is judged", () => recorded(scene, join(watched, "a", "new.sh")) !== null);
  release();
  await agent.baselined();
  assert.deepEqual(await digests(late), clean);
  for (const [at, path] of late.entries()) assert.equal(recorded(scene, path), clean[at]);
  for (const path of early) assert.equal(recorded(scene, path), sha256Of(await readFile(path)));
  await until("health tells no more of it", () => server.health?.notices?.some(making) === false);
  assert.equal(server.cases.size, 0);
});

test("an infection during the first baseline opens a case, and none of it becomes self", async (t) => {
  const { scene, early, late } = await tree(t);
  const { server, watched } = scene;
  const { agent, release } = await held(t, scene);
  const dropper = join(watched, "setup.sh");
  await writeFile(dropper, DROPPER, { mode: 0o755 });
  const changed = [early[0]!, early[1]!, late[0]!];
  for (const path of changed) await infect(path);
  await until("a case", () => server.cases.size === 1);
  release();
  await agent.baselined();
  const bad = await digests([dropper, ...changed]);
  for (const [at, path] of [dropper, ...changed].entries()) assert.notEqual(recorded(scene, path), bad[at]);
  assert.equal(server.cases.size, 1);
});

test("closed in the middle of the first baseline, the agent ends and goes on where it was", async (t) => {
  const { scene, early, late } = await tree(t);
  const { agent, release } = await held(t, scene);
  const closed = agent.close();
  release();
  await closed;
  assert.ok(early.some((path) => recorded(scene, path) !== null));
  assert.ok(
    late.some((path) => recorded(scene, path) === null),
    "it did not wait for the rest",
  );
  await rm(late[0]!);
  await scene.startAgent();
  assert.equal(recorded(scene, late[0]!), null);
  for (const path of [...early, ...late.slice(1)])
    assert.equal(recorded(scene, path), sha256Of(await readFile(path)));
});
