import assert from "node:assert/strict";
import { lstat, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import * as hostile from "@thymus/testkit/tuf";
import { ProtectedPaths } from "../files/protected.ts";
import { sha256Of } from "../files/regular.ts";
import { digests, infect, infected, prescriptionFor, writeScripts } from "../testing/infection.ts";
import { makeScene, until } from "../testing/scene.ts";
import { openQuarantine } from "../verbs/quarantine.ts";

const other = [sha256Of(Buffer.from("another sample"))];

test("a rule that finds the shell or Thymus itself is refused and reported unhealthy", async (t) => {
  const scene = await makeScene();
  t.after(() => scene.close());
  const { server, watched } = scene;
  const scripts = await writeScripts(watched, 2);
  const before = await digests(scripts);
  await scene.startAgent();
  const detect = {
    engine: "yara-x" as const,
    rule: 'rule everything { strings: $a = "ELF" condition: $a at 1 }',
    scope: ["elf64" as const, "shell" as const],
  };
  const broken = { ...detect, rule: "rule broken { condition: no_such_thing }" };
  await server.prescribe(prescriptionFor(other, { detect }));
  await server.prescribe(prescriptionFor(other, { detect: broken }));
  await until("two refusals", () => server.outcomes.length === 2);
  assert.deepEqual(
    server.outcomes.map(({ healthy }) => healthy),
    [false, false],
  );
  const reasons = server.outcomes.map(({ why }) => why).join("\n");
  assert.match(reasons, /RULE_INVALID: .*belongs to the system or to Thymus/);
  assert.match(reasons, /RULE_INVALID: .*no_such_thing/);
  assert.deepEqual(await digests(scripts), before);
  assert.deepEqual(server.health?.active, []);
});

test("a repository that lies changes nothing; what was active stays active", async (t) => {
  const scene = await makeScene();
  t.after(() => scene.close());
  const { server, watched } = scene;
  const scripts = await writeScripts(watched, 2);
  const clean = await digests(scripts);
  await scene.startAgent();
  await server.prescribe(prescriptionFor(other));
  await until("the first", () => server.outcomes.length === 1);
  const warnings: string[] = [];
  await scene.stopAgent();
  await scene.startAgent({ info() {}, error() {}, warn: (message) => warnings.push(message) });
  const second = prescriptionFor(other);
  await server.prescribe(second);
  server.spoil();
  await until("the complaint", () => warnings.some((message) => message.includes("TUF_")));
  await infect(scripts[0]!);
  await until("the repair", async () => (await digests(scripts)).join() === clean.join());
  // The first may be told twice: the agent was stopped while it told it.
  assert.ok(server.outcomes.every(({ prescription }) => prescription !== second.id));
});

const lies: [name: string, attack: (publisher: string, out: string) => void, code: string][] = [
  ["rolled back", hostile.rollBackTimestamp, "TUF_ROLLBACK"],
  ["frozen", hostile.freeze, "TUF_EXPIRED"],
  ["tampered with", hostile.tamperMetadata("timestamp"), "TUF_TAMPERED"],
  ["signed by a stranger", hostile.signByStranger("timestamp"), "TUF_UNTRUSTED"],
];
for (const [name, attack, code] of lies) {
  test(`a repository that is ${name} is refused as ${code}; the agent goes on with what it had`, async (t) => {
    const scene = await makeScene();
    t.after(() => scene.close());
    const { server, watched } = scene;
    const scripts = await writeScripts(watched, 2);
    const clean = await digests(scripts);
    const warnings: string[] = [];
    await scene.startAgent({ info() {}, error() {}, warn: (message) => warnings.push(message) });
    await server.prescribe(prescriptionFor(other));
    await until("the first", () => server.outcomes.length === 1);
    attack(server.publisher, join(scene.dir, "lie"));
    server.instead = join(scene.dir, "lie");
    await server.prescribe(prescriptionFor(other));
    await until(`${code}: ${warnings.join()}`, () => warnings.some((message) => message.includes(code)));
    await infect(scripts[0]!);
    await until("the repair", async () => (await digests(scripts)).join() === clean.join());
    assert.equal(server.outcomes.length, 1, "nothing of the lie was taken");
    const told = () => (server.health?.notices ?? []).some((what) => what.includes(code));
    await until("the notice", told);
    server.instead = null;
    await until("the second, from the true repository", () => server.outcomes.length === 2);
    await until("no notice", () => !told());
  });
}

test("a repair whose result self does not know is not made: the file is held, and a person may take it back", async (t) => {
  const scene = await makeScene();
  t.after(() => scene.close());
  const { server, watched } = scene;
  const [edited] = await writeScripts(watched, 1);
  await scene.startAgent();
  await server.prescribe(prescriptionFor(other));
  await until("immunity", () => server.outcomes.length === 1);
  await scene.stopAgent();
  // Edited and infected while nobody looked: the result of the repair is not what self knows.
  const both = infected("#!/bin/sh\necho another version\n");
  await writeFile(edited!, both);
  await scene.startAgent();
  await assert.rejects(lstat(edited!), { code: "ENOENT" });
  const verbs = await openQuarantine(scene);
  t.after(() => verbs.close());
  const [entry] = await verbs.list();
  assert.equal(entry?.state, "held");
  assert.match(entry!.why, /held in quarantine: .*self knows/);
  await verbs.restore(entry!.id);
  assert.deepEqual(await readFile(edited!), both);
  await new Promise((resolve) => setTimeout(resolve, 800));
  assert.deepEqual(await readFile(edited!), both, "the owner's will counts: it is not refused again");
});

test("with policy.repair at propose nothing is touched, and it is told", async (t) => {
  const scene = await makeScene({}, { repair: "propose" });
  t.after(() => scene.close());
  const { server, watched } = scene;
  const [script] = await writeScripts(watched, 2);
  await infect(script!);
  const before = await readFile(script!);
  await scene.startAgent();
  await server.prescribe(prescriptionFor(other));
  await until("an outcome", () => server.outcomes.length === 1);
  assert.match(server.outcomes[0]!.files[0]!.why!, /a person decides/);
  assert.deepEqual(await readFile(script!), before);
});

test("own files, package manager, login path and boot are protected; the drill folder is not", () => {
  const paths = new ProtectedPaths("/srv/thymus/agent", ["/srv/thymus/agent/drill"]);
  for (const path of [
    process.execPath,
    "/usr/bin/dpkg",
    "/usr/bin/sudo",
    "/bin/sh",
    "/etc/pam.d/login",
    "/srv/thymus/agent/agent.db",
    import.meta.filename,
  ])
    assert.throws(() => paths.refuse(path), { code: "PROTECTED_PATH" }, path);
  for (const path of ["/srv/thymus/agent/drill/a.sh", "/usr/bin/nano", "/home/someone/tool.sh"])
    assert.equal(paths.covers(path), false, path);
  assert.ok(paths.samples().includes(join("/usr/bin", "dpkg")));
});
