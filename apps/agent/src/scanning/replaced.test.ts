import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import type { Prescription } from "@thymus/contracts";
import { sha256Of } from "../files/regular.ts";
import { openAgentDatabase } from "../state/open.ts";
import { digests, infect, prescriptionFor, writeScripts } from "../testing/infection.ts";
import { makeScene, type Scene, until } from "../testing/scene.ts";
import { openQuarantine } from "../verbs/quarantine.ts";

const specimen = sha256Of(Buffer.from("the first specimen"));
const another = sha256Of(Buffer.from("another specimen"));

/** Two prescriptions for the same infection; the second replaces the first. */
function pair(change: Partial<Prescription> = {}): [Prescription, Prescription] {
  const old = prescriptionFor([specimen]);
  const detect = { ...old.detect, rule: old.detect.rule.replace("test_insert", "test_family") };
  return [old, prescriptionFor([another], { detect, replaces: [old.id], ...change })];
}

async function stateOf(scene: Scene, id: string): Promise<string | undefined> {
  const db = await openAgentDatabase(scene.dataDir);
  try {
    const row = await db.selectFrom("prescription").select("state").where("id", "=", id).executeTakeFirst();
    return row?.state;
  } finally {
    await db.destroy();
  }
}

test("while both are there, a file that both find is found and repaired once, by the new one", async (t) => {
  const scene = await makeScene();
  t.after(() => scene.close());
  const { server, watched } = scene;
  const scripts = await writeScripts(watched, 3);
  const clean = await digests(scripts);
  await scene.startAgent();
  const [old, replacement] = pair();
  await scene.stopAgent();
  await infect(scripts[0]!);
  // A machine that comes in the middle of a rollout gets both at once.
  await server.prescribe(old);
  await server.prescribe(replacement);
  await scene.startAgent();
  await until("both outcomes", () => server.outcomes.length === 2);
  const of = (id: string) => server.outcomes.find(({ prescription }) => prescription === id)!;
  assert.deepEqual(of(old.id).files, [], "the old one finds nothing of its own");
  assert.deepEqual(
    of(replacement.id).files.map(({ path, result }) => [path, result]),
    [[scripts[0], "repaired"]],
  );
  await infect(scripts[1]!);
  await until("the repair", async () => (await digests(scripts)).join() === clean.join());
  const verbs = await openQuarantine(scene);
  t.after(() => verbs.close());
  const entries = await verbs.list();
  assert.deepEqual(
    entries.map(({ prescription }) => prescription),
    [replacement.id, replacement.id],
    "each original is kept once",
  );
});

test("a retired prescription is dropped, what it did can be undone, and it comes back when its successor goes", async (t) => {
  const scene = await makeScene();
  t.after(() => scene.close());
  const { server, watched } = scene;
  const scripts = await writeScripts(watched, 3);
  const clean = await digests(scripts);
  await scene.startAgent();
  const [old, replacement] = pair();
  await server.prescribe(old);
  await until("the first outcome", () => server.outcomes.length === 1);
  await infect(scripts[0]!);
  await until("a repair by the old one", async () => (await digests(scripts)).join() === clean.join());

  await server.prescribe(replacement);
  await until("the second outcome", () => server.outcomes.length === 2);
  server.replace(old.id, replacement.id);
  await until("only the new one", () => server.health?.active.join() === replacement.id);
  assert.equal(await stateOf(scene, old.id), "replaced");
  const told = `${old.id} retired: ${replacement.id} replaces it`;
  await until("it is told", () => server.events.some(({ what }) => what === told));
  await infect(scripts[1]!);
  await until("a repair by the new one", async () => (await digests(scripts)).join() === clean.join());

  await t.test("restoring one original works by its entry, whoever answers now", async () => {
    const verbs = await openQuarantine(scene);
    try {
      const entry = (await verbs.list()).find(({ prescription }) => prescription === old.id)!;
      assert.equal(entry.file.path, scripts[0]);
      await verbs.restore(entry.id);
      assert.notEqual(sha256Of(await readFile(scripts[0]!)), clean[0]);
    } finally {
      await verbs.close();
    }
  });

  await t.test("a restart keeps it retired", async () => {
    await scene.stopAgent();
    await scene.startAgent();
    assert.equal(await stateOf(scene, old.id), "replaced");
  });

  await t.test("withdrawing the new one gives its files back, and the old one finds them again", async () => {
    const before = server.outcomes.length;
    server.giveBack(old.id);
    server.recall(replacement.id);
    await until("the old one is active", () => server.health?.active.join() === old.id);
    await until("its outcome", () => server.outcomes.length > before);
    const outcome = server.outcomes.at(-1)!;
    assert.equal(outcome.prescription, old.id);
    assert.ok(outcome.files.some(({ path, result }) => path === scripts[1] && result === "repaired"));
    assert.equal((await digests(scripts))[1], clean[1]);
    assert.equal(await stateOf(scene, replacement.id), "recalled");
  });

  await t.test("recalling the old one by its id takes back what it did", async () => {
    server.recall(old.id);
    await until("nothing is active", () => server.health?.active.length === 0);
    assert.notEqual((await digests(scripts))[1], clean[1]);
  });
});

test("what retires nothing: a successor that is refused here, or that names itself", async (t) => {
  const scene = await makeScene();
  t.after(() => scene.close());
  const { server, watched } = scene;
  await writeScripts(watched, 1);
  await scene.startAgent();
  const [old, broken] = pair({
    detect: { engine: "yara-x", rule: "rule broken { condition: no_such_thing }", scope: ["shell"] },
  });
  await server.prescribe(old);
  await server.prescribe(broken);
  await until("two outcomes", () => server.outcomes.length === 2);
  server.replace(old.id, broken.id);
  const [, itself] = pair();
  // Nobody who checks would make such a document.
  await server.prescribe({ ...itself, replaces: [itself.id] });
  await until("its refusal", () => server.outcomes.length === 3);
  assert.match(server.outcomes[2]!.why!, /DOCUMENT_INVALID: .*cannot replace itself at replaces.0/);
  assert.deepEqual(server.health?.active, [old.id], "this machine keeps what works here");
});

test("one that is no target now keeps no other from being carried out, nor from retiring", async (t) => {
  const scene = await makeScene();
  t.after(() => scene.close());
  const { server, watched } = scene;
  await writeScripts(watched, 1);
  await scene.startAgent();
  const [old, replacement] = pair();
  await server.prescribe(old);
  await until("the first outcome", () => server.outcomes.length === 1);
  server.assignMissing(prescriptionFor([specimen]).id);
  await server.prescribe(replacement);
  await until("the second outcome", () => server.outcomes.length === 2);
  server.replace(old.id, replacement.id);
  await until("only the new one", () => server.health?.active.join() === replacement.id);
  assert.equal(await stateOf(scene, old.id), "replaced");
});
