import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmod, lstat, mkdir, mkdtemp, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { needs } from "@thymus/testkit";
import { AptRepository, AptRoot, cachingPackage, ordinaryPackage } from "../testing/apt-repository.ts";
import { makeScene, type Scene, until } from "../testing/scene.ts";
import { openPackageRepairs } from "../verbs/package-repairs.ts";
import { openQuarantine } from "../verbs/quarantine.ts";
import { Dpkg } from "./dpkg/dpkg.ts";

const NAMES = ["alpha", "beta", "gamma", "delta"];

/** A system with packages of a repository of its own, and an agent that watches it. */
async function installed(t: TestContext, policy: Parameters<typeof makeScene>[1] = {}) {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "thymus-upgrade-")));
  t.after(() => rm(dir, { recursive: true, force: true }));
  // apt fetches as its own user.
  await chmod(dir, 0o755);
  const repository = await AptRepository.create(dir);
  t.after(() => repository.close());
  await repository.add(cachingPackage);
  for (const name of NAMES) await repository.add(await ordinaryPackage(name, "1.0"));
  await repository.publish();
  const system = await AptRoot.create(join(dir, "root"), repository);
  await system.apt("update");
  await system.apt("install", "test-cache", ...NAMES);
  const scene = await makeScene({ watch: [system.root], settleSeconds: 1 }, policy);
  t.after(() => scene.close());
  const packages = () => new Dpkg({ root: system.root, aptConfig: system.config });
  await scene.startAgent(undefined, packages());
  return { packages, repository, scene, system };
}

const said = (scene: Scene) => readFile(join(scene.dataDir, "events.ndjson"), "utf8").catch(() => "");

/** One byte in the middle of it, in place. @returns the content before */
async function patch(path: string): Promise<Buffer> {
  const before = await readFile(path);
  const after = Buffer.from(before);
  after[after.length >> 1]! ^= 0x20;
  await writeFile(path, after);
  return before;
}

test("apt upgrades packages and nothing is suspected; a patched byte is, and goes back from its package", {
  skip: needs("apt", "gpg"),
}, async (t) => {
  const { repository, scene, system } = await installed(t);
  for (const name of NAMES) await repository.add(await ordinaryPackage(name, "2.0", 3));
  await repository.add(await ordinaryPackage("epsilon", "2.0"));
  await repository.publish();
  await system.apt("update");
  await system.apt("upgrade");
  await system.apt("install", "epsilon");
  await until("all is accepted", async () => {
    const text = await said(scene);
    return [...NAMES, "epsilon"].every((name) => text.includes(`package ${name} 2.0 (manifest) brought it`));
  });
  await until("the archives are compared", async () => (await said(scene)).includes("(signed)"));
  assert.equal(scene.server.cases.size, 0, await said(scene));
  assert.doesNotMatch(await said(scene), /suspected|not believed/);

  const path = system.at("usr/bin/beta-1");
  const time = (await lstat(path, { bigint: true })).mtimeNs;
  const clean = await patch(path);
  await until("it is suspected by name", async () =>
    (await said(scene)).includes(`${path} is part of package beta 2.0, whose manifest says otherwise`),
  );
  await until("it is brought back", async () =>
    (await said(scene)).includes(`brought back ${path} of package beta`),
  );
  assert.deepEqual(await readFile(path), clean);
  assert.equal((await lstat(path, { bigint: true })).mtimeNs, time);
  assert.equal((await lstat(path)).mode & 0o777, 0o755);
  assert.equal(scene.server.cases.size, 1);
});

test("whoever writes while apt runs is found while it runs", { skip: needs("apt", "gpg") }, async (t) => {
  const { repository, scene, system } = await installed(t);
  const slow = await ordinaryPackage("slow", "1.0");
  const wait = `#!/bin/sh\nwhile [ ! -e "$DPKG_ROOT/go" ]; do sleep 0.1; done\n`;
  await repository.add({ ...slow, control: { postinst: wait } });
  await repository.publish();
  await system.apt("update");
  const installing = system.apt("install", "slow");
  await until(
    "apt is at work",
    async () => (await lstat(system.at("usr/bin/slow-0")).catch(() => null)) !== null,
  );
  const path = system.at("usr/bin/alpha-0");
  const clean = await patch(path);
  await until("it is brought back", async () => (await said(scene)).includes(`brought back ${path}`));
  assert.deepEqual(await readFile(path), clean);
  assert.doesNotMatch(await said(scene), /suspected \S*slow/);
  await writeFile(system.at("go"), "");
  await installing;
  await until("the package is accepted", async () => (await said(scene)).includes("package slow 1.0"));
  assert.equal(scene.server.cases.size, 1);
});

test("a script is put back by hand, from the signed archive, and a falsified manifest deceives nobody", {
  skip: needs("apt", "gpg"),
}, async (t) => {
  const { packages, scene, system } = await installed(t);
  const script = system.at("usr/bin/gamma-run");
  const text = await readFile(script);
  const evil = Buffer.concat([text, Buffer.from("echo more\n")]);
  const manifest = system.at("var/lib/dpkg/info/gamma.md5sums");
  const md5 = (bytes: Buffer) => createHash("md5").update(bytes).digest("hex");
  const falsified = (await readFile(manifest, "utf8")).replace(md5(text), md5(evil));
  await writeFile(`${manifest}.new`, falsified);
  await rename(`${manifest}.new`, manifest);
  await writeFile(script, evil);
  await until("it is suspected", async () => (await said(scene)).includes("whose manifest is not believed"));
  await until("it is left to a person", async () =>
    (await said(scene)).includes("not brought back by itself"),
  );
  await scene.stopAgent();

  const options = { dataDir: scene.dataDir, config: scene.config };
  const verbs = await openPackageRepairs(options, packages());
  const program = system.at("usr/bin/gamma-0");
  const clean = await readFile(program);
  await rm(program);
  // Believed at first sight: this opening of the verb never saw another manifest. The archive says otherwise.
  assert.equal((await verbs.repair(script)).result, "refused");
  const back = await verbs.repair(script);
  assert.equal(back.result, "back");
  assert.match(back.why!, /package gamma 1.0, from its signed archive \(in apt's cache\)/);
  assert.deepEqual(await readFile(script), text);
  assert.equal((await verbs.repair(script)).result, "unchanged");
  assert.equal((await verbs.repair(program)).result, "back", "what is gone comes back, too");
  assert.deepEqual(await readFile(program), clean);
  assert.equal((await verbs.repair(system.at("etc/init.d/gamma"))).result, "refused");
  assert.equal((await verbs.repair(system.at("go"))).result, "refused");
  await verbs.close();
  const quarantine = await openQuarantine(options);
  const entries = await quarantine.list();
  await quarantine.close();
  assert.ok(entries.some(({ file }) => file.path === script));
});

test("an archive that is not the signed one, and a list that nobody signed, give nothing back", {
  skip: needs("apt", "gpg"),
}, async (t) => {
  const { packages, repository, scene, system } = await installed(t);
  await scene.stopAgent();
  const script = system.at("usr/bin/delta-run");
  const archive = system.at("var/cache/apt/archives/delta_1.0_all.deb");
  await writeFile(archive, (await readFile(archive)).fill(0, 200, 210));
  const dpkg = packages();
  const refused = async (fetch: boolean) => {
    const original = await dpkg.original(script, fetch);
    return "refused" in original ? original.refused : original.from;
  };
  assert.match(await refused(false), /not on this machine, and agent.fetchPackages is off/);
  assert.equal(await refused(true), "download");
  await rm(join(repository.folder, "delta_1.0_all.deb"));
  assert.match(await refused(true), /apt-get download failed/);
  await mkdir(system.at("other"));
  await writeFile(system.at("etc/apt/trusted.gpg.d/test.gpg"), "");
  assert.match(await refused(false), /no verified list of packages has delta 1.0/);
});
