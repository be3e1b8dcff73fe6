import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { access, copyFile, lstat, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { sha256Of } from "./files/regular.ts";
import { DROPPER, digests, infect, infected, prescriptionFor, writeScripts } from "./testing/infection.ts";
import { makeScene, until } from "./testing/scene.ts";

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

test("an infection is suspected, submitted, healed, refused from then on, and recalled", async (t) => {
  const scene = await makeScene();
  t.after(() => scene.close());
  const { server, watched } = scene;
  const scripts = await writeScripts(watched, 4);
  const clean = await digests(scripts);
  const times = await Promise.all(scripts.map(async (path) => (await lstat(path, { bigint: true })).mtimeNs));
  await scene.startAgent();
  const decoys = (await readdir(watched))
    .filter((name) => name.startsWith("."))
    .map((name) => join(watched, name));
  assert.equal(decoys.length, 4);
  const decoysClean = await digests(decoys);
  const shellDecoy = decoys.find((path) => path.endsWith(".sh"))!;

  const dropper = join(watched, "setup.sh");
  // In one go: a pause that is longer than the settle time would make two incidents of it.
  writeFileSync(dropper, DROPPER, { mode: 0o755 });
  for (const path of [scripts[0]!, scripts[1]!, shellDecoy])
    writeFileSync(path, infected(readFileSync(path)));
  const infectedBytes = await readFile(scripts[0]!);
  await until("a submitted sample", () => server.samples.size === 1);
  const [caseId, sample] = [...server.samples][0]!;
  const opened = server.cases.get(caseId)!;
  assert.equal(sample.toString(), DROPPER, "the program that appeared with the changes is the subject");
  assert.ok(opened.sample.suspicion.score >= 0.9);
  assert.ok(opened.sample.suspicion.reasons.length >= 3);
  const told = ({ case: id, what }: { case: string | null; what: string }) =>
    id === caseId && what.startsWith(`suspected ${dropper}`);
  await until("the suspicion is told with its case", () => server.events.some(told));
  await until("fresh decoys", async () => (await digests(decoys)).join() === decoysClean.join());

  const prescription = prescriptionFor([sha256Of(sample)]);
  await server.prescribe(prescription);
  await until("an outcome", () => server.outcomes.length > 0);
  const outcome = server.outcomes[0]!;
  assert.equal(outcome.case, caseId);
  assert.equal(outcome.healthy, true);
  assert.deepEqual(
    outcome.files.map(({ path, result }) => [path, result]),
    [
      [dropper, "refused"],
      [scripts[0], "repaired"],
      [scripts[1], "repaired"],
    ],
  );
  assert.deepEqual(await digests(scripts), clean);
  const after = await Promise.all(scripts.map(async (path) => (await lstat(path, { bigint: true })).mtimeNs));
  assert.deepEqual(after, times);
  assert.equal(await isThere(dropper), false);
  server.end(opened.id, "healed");

  const copy = join(watched, "copy.sh");
  await writeFile(join(scene.dir, "outside.sh"), infectedBytes, { mode: 0o755 });
  await copyFile(join(scene.dir, "outside.sh"), copy);
  await until("the copy is repaired", async () => sha256Of(await readFile(copy)) === clean[0]);
  await until("it is told", () => server.events.some(({ what }) => what.startsWith(`repaired ${copy}`)));
  assert.ok(server.events.some(({ what }) => what.startsWith(`refused ${copy}`)));
  assert.equal(server.cases.size, 1, "no second case");

  server.recall(prescription.id);
  await until("the recall", () =>
    server.events.some(({ what }) => what.startsWith(`recalled ${prescription.id}`)),
  );
  assert.deepEqual(await readFile(scripts[0]!), infectedBytes);
  assert.equal((await readFile(dropper)).toString(), DROPPER);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  assert.deepEqual(await readFile(scripts[0]!), infectedBytes, "what was given back stays");
  assert.equal(server.cases.size, 1);
});

test("an owner who saves one script, or adds one, is left alone", async (t) => {
  const scene = await makeScene();
  t.after(() => scene.close());
  const [script] = await writeScripts(scene.watched, 3);
  await scene.startAgent();
  const eventsFile = join(scene.dataDir, "events.ndjson");
  const said = async () => readFile(eventsFile, "utf8").catch(() => "");
  await writeFile(script!, "#!/bin/sh\necho changed by its owner\n");
  await until("accepted", async () => (await said()).includes(`accepted ${script}`));
  await writeFile(join(scene.watched, "new.sh"), "#!/bin/sh\necho new\n", { mode: 0o755 });
  await until("accepted", async () => (await said()).includes("new.sh"));
  assert.equal(scene.server.cases.size, 0);
});

test("what changed while the agent was down is found, and active prescriptions need no server", async (t) => {
  const scene = await makeScene();
  t.after(() => scene.close());
  const scripts = await writeScripts(scene.watched, 3);
  const clean = await digests(scripts);
  await scene.startAgent();
  await scene.server.prescribe(prescriptionFor([sha256Of(Buffer.from("another sample"))]));
  await until("active", () => scene.server.outcomes.length === 1);
  assert.deepEqual(scene.server.outcomes[0]!.files, []);
  await scene.stopAgent();
  await scene.server.close();
  await infect(scripts[0]!);
  await infect(scripts[2]!);
  await scene.startAgent();
  assert.deepEqual(await digests(scripts), clean);
  await scene.stopAgent();
  await scene.server.start();
});
