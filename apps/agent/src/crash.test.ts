import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { sha256Of } from "./files/regular.ts";
import { DROPPER, digests, infect, prescriptionFor, writeScripts } from "./testing/infection.ts";
import { makeScene, type Scene, until, untilCount } from "./testing/scene.ts";

const program = fileURLToPath(new URL("./testing/agent-process.ts", import.meta.url));

async function start(scene: Scene, failpoint: string | null): Promise<ChildProcess> {
  const { dataDir, config, dir } = scene;
  const env = failpoint
    ? { ...process.env, THYMUS_FAILPOINT: failpoint, THYMUS_FAILPOINT_ONCE: join(dir, "died") }
    : process.env;
  const child = spawn(process.execPath, [program, JSON.stringify({ dataDir, config })], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  await Promise.race([once(child.stdout!, "data"), once(child, "exit")]);
  return child;
}

const ended = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

async function end(child: ChildProcess): Promise<void> {
  if (ended(child)) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** Places in the order in which an incident passes them: the agent is killed at each in turn, in one incident. */
const lives = [
  ["agent.suspected", "agent.spooled", "agent.sealed", "agent.opened", "agent.uploaded", "agent.assigned"],
  [
    "agent.hold.before-move",
    "agent.hold.after-move",
    "agent.repair.before-quarantine",
    "agent.repair.before-swap",
    "agent.repair.after-swap",
    "agent.reported",
  ],
];

for (const places of lives)
  test(`killed at ${places.join(", ")}, the agent ends where it would have ended`, async (t) => {
    const scene = await makeScene();
    let child: ChildProcess | null = null;
    t.after(async () => {
      if (child) await end(child);
      await scene.close();
    });
    const { server, watched } = scene;
    const scripts = await writeScripts(watched, 4);
    const clean = await digests(scripts);
    await scene.startAgent();
    await scene.stopAgent();
    const waiting = [...places];
    child = await start(scene, waiting[0]!);
    const revive = async () => {
      if (!child || !ended(child)) return;
      assert.equal(child.signalCode, "SIGKILL");
      waiting.shift();
      await rm(join(scene.dir, "died"), { force: true });
      child = await start(scene, waiting[0] ?? null);
    };
    await writeFile(join(watched, "setup.sh"), DROPPER, { mode: 0o755 });
    for (const path of scripts.slice(0, 3)) await infect(path);
    const SUBMITTED = -1;
    const deathsToCome = async () => {
      await revive();
      return waiting.length;
    };
    const untilSample = async () => {
      const left = await deathsToCome();
      return server.samples.size > 0 ? SUBMITTED : left;
    };
    await untilCount("deaths to come before a sample is submitted", untilSample, SUBMITTED);
    assert.equal(server.cases.size, 1);
    const [caseId] = server.cases.keys();
    await server.prescribe(prescriptionFor([sha256Of(Buffer.from(DROPPER))]));
    await untilCount("deaths to come", deathsToCome, 0);
    await until("an outcome", () => server.outcomes.length > 0);
    const outcome = server.outcomes.at(-1)!;
    assert.equal(outcome.case, caseId);
    assert.deepEqual(
      outcome.files.map(({ path, result }) => [path, result]),
      [[join(watched, "setup.sh"), "refused"], ...scripts.slice(0, 3).map((path) => [path, "repaired"])],
    );
    assert.deepEqual(await digests(scripts), clean);
    const left = (await readdir(watched)).filter(
      (name) => name.startsWith(".thymus-tmp-") || name === "setup.sh",
    );
    assert.deepEqual(left, []);
    assert.equal((await readdir(join(scene.dataDir, "quarantine"))).length, 4, "each original is kept once");
    assert.equal(server.cases.size, 1, "one case whatever happened");
  });

test("killed while one prescription replaces another and is withdrawn, the agent ends where it would have ended", async (t) => {
  const scene = await makeScene();
  let child: ChildProcess | null = null;
  t.after(async () => {
    if (child) await end(child);
    await scene.close();
  });
  const { server, watched } = scene;
  const scripts = await writeScripts(watched, 2);
  const clean = await digests(scripts);
  await scene.startAgent();
  await scene.stopAgent();
  const die = async (place: string) => {
    await until(`death at ${place}`, () => ended(child!));
    assert.equal(child!.signalCode, "SIGKILL");
    await rm(join(scene.dir, "died"), { force: true });
  };
  const old = prescriptionFor([sha256Of(Buffer.from("one"))]);
  const family = prescriptionFor([sha256Of(Buffer.from("two"))], { replaces: [old.id] });
  await server.prescribe(old);
  await server.prescribe(family);
  child = await start(scene, "agent.retired");
  await until("both outcomes", () => server.outcomes.length === 2);
  server.replace(old.id, family.id);
  await die("agent.retired");
  child = await start(scene, "agent.brought-back");
  await until("only the new one", () => server.health?.active.join() === family.id);
  await infect(scripts[0]!);
  await until("a repair", async () => (await digests(scripts)).join() === clean.join());
  server.giveBack(old.id);
  server.recall(family.id);
  await die("agent.brought-back");
  child = await start(scene, null);
  await until("only the old one", () => server.health?.active.join() === old.id);
  await until("its repair", async () => (await digests(scripts)).join() === clean.join());
  await until("its outcome", () => server.outcomes.at(-1)?.files.length === 1);
  assert.equal(server.outcomes.at(-1)!.prescription, old.id);
});

test("killed at each step of a recall, every file is back as it was, and stays so", async (t) => {
  const scene = await makeScene();
  let child: ChildProcess | null = null;
  t.after(async () => {
    if (child) await end(child);
    await scene.close();
  });
  const { server, watched } = scene;
  const scripts = await writeScripts(watched, 3);
  const clean = await digests(scripts);
  await scene.startAgent();
  await scene.stopAgent();
  for (const path of scripts.slice(1)) await infect(path);
  const infected = await digests(scripts);
  const prescription = prescriptionFor([sha256Of(Buffer.from("one"))]);
  await server.prescribe(prescription);
  const [first, ...others] = [
    "agent.recall.before-restore",
    "agent.restore.before-swap",
    "agent.restore.after-swap",
  ];
  child = await start(scene, first!);
  await until("both repairs", () => server.outcomes.at(-1)?.files.length === 2);
  assert.deepEqual(await digests(scripts), clean);
  server.recall(prescription.id);
  for (const next of [...others, null]) {
    await until(`death before ${next ?? "the end"}`, () => ended(child!));
    assert.equal(child.signalCode, "SIGKILL");
    await rm(join(scene.dir, "died"), { force: true });
    child = await start(scene, next);
  }
  await until("the recall", () =>
    server.events.some(({ what }) => what.startsWith(`recalled ${prescription.id}`)),
  );
  assert.deepEqual(await digests(scripts), infected);
  assert.deepEqual(
    (await readdir(watched)).filter((name) => name.startsWith(".thymus-tmp-")),
    [],
  );
  assert.deepEqual(await readdir(join(scene.dataDir, "quarantine")), [], "no original is left over");
  assert.deepEqual(server.health?.active, []);
});
