import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { newId, type Prescription } from "@thymus/contracts";
import { sha256Of } from "../files/regular.ts";
import { openAgentDatabase } from "../state/open.ts";
import { digests, infect, prescriptionFor, writeScripts } from "../testing/infection.ts";
import { makeScene, type Scene, until } from "../testing/scene.ts";

const program = fileURLToPath(new URL("../testing/agent-process.ts", import.meta.url));
const other = () => [sha256Of(Buffer.from(Math.random().toString()))];
const withRule = (rule: string) =>
  prescriptionFor(other(), { detect: { engine: "yara-x", rule, scope: ["shell"] } });

const started: ChildProcess[] = [];

async function start(scene: Scene, deadly: object): Promise<ChildProcess> {
  const { dataDir, config } = scene;
  const child = spawn(process.execPath, [program, JSON.stringify({ dataDir, config, deadly })], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  started.push(child);
  await Promise.race([once(child.stdout!, "data"), once(child, "exit")]);
  return child;
}

const ended = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

async function end(child: ChildProcess): Promise<void> {
  if (ended(child)) return;
  child.kill("SIGTERM");
  await once(child, "exit");
}

/** A machine with one good prescription in use. */
async function guarded(t: TestContext) {
  const scene = await makeScene();
  t.after(async () => {
    // First who may still ask its server: else that would wait for them.
    for (const child of started.splice(0)) await end(child);
    await scene.close();
  });
  const scripts = await writeScripts(scene.watched, 3);
  const clean = await digests(scripts);
  await scene.startAgent();
  const good = prescriptionFor(other());
  await scene.server.prescribe(good);
  await until("the good one", () => scene.server.outcomes.length === 1);
  return { scene, server: scene.server, scripts, clean, good };
}

async function stillGuards(scripts: string[], clean: string[]): Promise<void> {
  await infect(scripts[0]!);
  await until("a repair", async () => (await digests(scripts)).join() === clean.join());
}

test("content that is wrong in whatever way is dropped and reported, and never asked for again; the others stay", async (t) => {
  const { scene, server, scripts, clean, good } = await guarded(t);
  const endless =
    "rule endless { condition: for all i in (1..filesize) : (for all j in (1..filesize) : (for all k in (1..filesize) : (uint8(i) + uint8(j) + uint8(k) >= 0))) }";
  const bad: Record<string, Prescription | object> = {
    "unexpected field": { ...prescriptionFor(other()), twentyfirst: true },
    "a field too few": { ...prescriptionFor(other()), family: undefined },
    everything: withRule("rule everything { condition: true }"),
    endless: withRule(endless),
    "no rule": withRule("rule broken { condition: no_such_thing }"),
  };
  for (const each of Object.values(bad)) await server.prescribe(each as Prescription);
  const corrupt = newId("rx");
  await server.publish(`prescriptions/${corrupt}.json`, Buffer.from('{"version":1,"id":'));
  server.assignMissing(corrupt);
  await until("all refusals", () => server.outcomes.filter(({ healthy }) => !healthy).length === 6);
  // A machine may have others to tell, e.g. that the kernel tells a namespace nothing of processes.
  const dropped = () => server.health?.notices?.filter((each) => each.includes("rx-")) ?? [];
  await until("notices", () => dropped().length === 6);
  assert.deepEqual(server.health?.active, [good.id]);
  await stillGuards(scripts, clean);
  // The same rule under another id is known again, without a trial, also after a restart.
  await scene.stopAgent();
  await scene.startAgent();
  await server.prescribe(withRule("rule everything { condition: true }"));
  await until("it is known", () => server.outcomes.some(({ why }) => why?.includes("dropped here before")));
  assert.deepEqual(server.health?.active, [good.id]);
  await stillGuards(scripts, clean);
});

test("what crashes the agent as it is loaded is dropped at the next start, and told", async (t) => {
  const { scene, server, scripts, clean, good } = await guarded(t);
  await scene.stopAgent();
  const deadly = { loading: "deadly-when-loaded" };
  let child = await start(scene, deadly);
  const bad = withRule('rule bad { strings: $a = "deadly-when-loaded" condition: $a }');
  await server.prescribe(bad);
  await until("the crash", () => ended(child));
  assert.equal(child.signalCode, "SIGKILL");
  child = await start(scene, deadly);
  assert.ok(!ended(child), "it starts");
  await until("the report", () =>
    server.outcomes.some((each) => each.prescription === bad.id && !each.healthy),
  );
  await until("its health", () => server.health?.active.join() === good.id);
  await stillGuards(scripts, clean);
  await end(child);
  child = await start(scene, deadly);
  assert.ok(!ended(child), "and again");
});

test("what was good and crashes only after a restart, by an update of the engine say: the last good set, then none", async (t) => {
  const { scene, server, scripts } = await guarded(t);
  await scene.stopAgent();
  // A rule that the engine no longer survives as soon as it meets a certain file; it is new since the last good run.
  const bad = withRule('rule bad { strings: $a = "qq-another-marker" condition: $a }');
  let child = await start(scene, {});
  await server.prescribe(bad);
  await until("it is active", () => server.outcomes.some((each) => each.prescription === bad.id));
  child.kill("SIGKILL");
  await once(child, "exit");
  await mkdir(scene.watched, { recursive: true });
  const crash = async () => {
    // Changed while no agent ran: each start looks at it.
    await writeFile(scripts[1]!, `#!/bin/sh\necho deadly-in-a-file ${Math.random()}\n`);
    child = await start(scene, { scanning: "deadly-in-a-file" });
  };
  for (let turn = 0; turn < 3; turn++) {
    await crash();
    assert.equal(child.signalCode, "SIGKILL");
  }
  await crash();
  const db = await openAgentDatabase(scene.dataDir);
  t.after(() => db.destroy());
  const row = await db
    .selectFrom("prescription")
    .select(["state", "why"])
    .where("id", "=", bad.id)
    .executeTakeFirst();
  assert.equal(row?.state, "refused");
  assert.match(row!.why!, /crashed 3 times within minutes since it became active/);
  assert.equal(child.signalCode, "SIGKILL", "the good one crashes it too");
  await crash();
  assert.equal(child.signalCode, "SIGKILL");
  await crash();
  assert.ok(!ended(child), "without any content it runs");
  await until(
    "it is told",
    () => server.health?.notices?.some((what) => what.includes("without any")) === true,
  );
  assert.deepEqual(server.health?.active, []);
  assert.match(await readFile(join(scene.dataDir, "content.json"), "utf8"), /crashes/);
});

test("a prescription that was damaged where it is kept is dropped, and the agent starts with the others", async (t) => {
  const { scene, server, scripts, clean, good } = await guarded(t);
  const second = prescriptionFor(other(), {
    detect: {
      engine: "yara-x",
      rule: 'rule second { strings: $a = "qq-second-marker" condition: $a }',
      scope: ["shell"],
    },
  });
  await server.prescribe(second);
  await until("both", () => server.health?.active.length === 2);
  await scene.stopAgent();
  const db = await openAgentDatabase(scene.dataDir);
  await db.updateTable("prescription").set({ document: "{" }).where("id", "=", second.id).execute();
  await db.destroy();
  await scene.startAgent();
  await until("the report", () =>
    server.outcomes.some((each) => each.prescription === second.id && !each.healthy),
  );
  await until("its health", () => server.health?.active.join() === good.id);
  await stillGuards(scripts, clean);
});
