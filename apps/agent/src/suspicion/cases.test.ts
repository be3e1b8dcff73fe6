import assert from "node:assert/strict";
import { chmod, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { CaseId } from "@thymus/contracts";
import { sha256Of } from "../files/regular.ts";
import { DROPPER, digests, infect, prescriptionFor, writeScripts } from "../testing/infection.ts";
import { makeScene, until } from "../testing/scene.ts";

test("where the first sample was harmless, the most suspicious changed host is submitted next", async (t) => {
  const scene = await makeScene();
  t.after(() => scene.close());
  const { server, watched } = scene;
  const scripts = await writeScripts(watched, 3);
  const clean = await digests(scripts);
  await scene.startAgent();
  await writeFile(join(watched, "setup.sh"), DROPPER, { mode: 0o755 });
  await infect(scripts[0]!);
  await infect(scripts[1]!);
  await until("the first", () => server.samples.size === 1);
  const [first] = server.cases.keys();
  await infect(scripts[2]!);
  await until("it joins", () => server.events.some(({ what }) => what === `also changed: ${scripts[2]}`));
  server.end(first as CaseId, "harmless");
  await until("the second", () => server.samples.size === 2);
  const [, [second, bytes]] = [...server.samples] as [unknown, [string, Buffer]];
  assert.deepEqual(bytes, await readFile(scripts[0]!));
  await server.prescribe(prescriptionFor([sha256Of(bytes)]));
  await until("an outcome", () => server.outcomes.length === 1);
  assert.equal(server.outcomes[0]!.case, second);
  assert.deepEqual(await digests(scripts), clean);
});

test("a decoy alone is enough, and its infected copy is what is submitted", async (t) => {
  const scene = await makeScene();
  t.after(() => scene.close());
  const { server, watched } = scene;
  await writeScripts(watched, 2);
  await scene.startAgent();
  const decoy = join(
    watched,
    (await readdir(watched)).find((name) => name.startsWith(".") && name.endsWith(".sh"))!,
  );
  const clean = await readFile(decoy);
  await infect(decoy);
  const touched = await readFile(decoy);
  await until("a sample", () => server.samples.size === 1);
  assert.deepEqual([...server.samples.values()][0], touched);
  await until("a fresh decoy", async () => (await readFile(decoy).catch(() => null))?.equals(clean) ?? false);
  await infect(decoy);
  await until("fresh again", async () => (await readFile(decoy).catch(() => null))?.equals(clean) ?? false);
  assert.equal(server.cases.size, 1);
});

test("two programs that got the same bytes are enough without any decoy or dropper", async (t) => {
  const scene = await makeScene();
  t.after(() => scene.close());
  const { server, watched } = scene;
  const scripts = await writeScripts(watched, 4);
  await scene.startAgent();
  await infect(scripts[1]!);
  await infect(scripts[3]!);
  await until("a sample", () => server.samples.size === 1);
  const [opened] = server.cases.values();
  assert.ok(opened!.sample.suspicion.reasons.some(({ why }) => why.includes("same foreign bytes")));
});

test("what is known already is not uploaded, and what was harmless is accepted", async (t) => {
  const scene = await makeScene();
  t.after(() => scene.close());
  const { server, watched } = scene;
  const scripts = await writeScripts(watched, 4);
  server.known = "rx-known" as never;
  await scene.startAgent();
  await infect(scripts[1]!);
  await infect(scripts[3]!);
  await chmod(scripts[2]!, 0o700);
  await until("a case", () => server.cases.size === 1);
  const [id] = server.cases.keys();
  server.end(id as CaseId, "rejected");
  const said = async () => readFile(join(scene.dataDir, "events.ndjson"), "utf8");
  await until("the end", async () => (await said()).includes("the case ended: rejected"));
  assert.equal(server.uploads, 0);
  await scene.stopAgent();
  await scene.startAgent();
  await new Promise((resolve) => setTimeout(resolve, 800));
  assert.equal(server.cases.size, 1, "accepted: it is not suspected again");
});
