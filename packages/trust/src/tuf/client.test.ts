import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import * as hostile from "@thymus/testkit/tuf";
import { type RepositoryServer, serveRepository } from "@thymus/testkit/tuf";
import { scratchFolder } from "../testing/scratch.ts";
import { serveProxy } from "../testing/web.ts";
import { TufClient } from "./client.ts";
import { TufPublisher } from "./publisher.ts";
import type { RoleName } from "./repository.ts";

const bytes = (text: string) => Buffer.from(text);
const text = (content: Uint8Array) => Buffer.from(content).toString();

interface Scene {
  folder: string;
  publisherDir: string;
  publisher: TufPublisher;
  server: RepositoryServer;
  clientDir: string;
  open(): Promise<TufClient>;
}

/** A publisher with two releases, its server, and a place for a client. */
async function scene(t: TestContext): Promise<Scene> {
  const folder = scratchFolder(t);
  const publisherDir = join(folder, "publisher");
  const publisher = await TufPublisher.open({ dir: publisherDir });
  await publisher.publish([{ path: "rx/one.json", content: bytes("one") }]);
  await publisher.publish([{ path: "rx/two.json", content: bytes("two") }]);
  const server = await serveRepository(join(publisherDir, "repository"));
  t.after(() => server.close());
  const clientDir = join(folder, "client");
  const rootJson = publisher.root();
  const open = () => TufClient.open({ dir: clientDir, rootJson, baseUrl: server.url });
  return { folder, publisherDir, publisher, server, clientDir, open };
}

test("a client reads what was published, and later what came new", async (t) => {
  const { open, publisher, clientDir } = await scene(t);
  const client = await open();
  assert.deepEqual(client.targets(), []);
  await client.refresh();
  assert.deepEqual(client.targets(), ["rx/one.json", "rx/two.json"]);
  assert.equal(text(await client.read("rx/one.json")), "one");
  await assert.rejects(client.read("rx/three.json"), { code: "NOT_FOUND" });
  await assert.rejects(client.read("__proto__"), { code: "NOT_FOUND" });
  await publisher.publish([{ path: "rx/one.json", content: bytes("one, better") }], {
    remove: ["rx/two.json"],
  });
  await Promise.all([client.refresh(), client.refresh()]);
  assert.deepEqual(client.targets(), ["rx/one.json"]);
  assert.equal(text(await client.read("rx/one.json")), "one, better");
  await client.refresh();
  assert.deepEqual(readdirSync(clientDir).sort(), ["targets", "trusted.json"]);
});

test("a client reads through a proxy that only forwards", async (t) => {
  const { publisher, server, clientDir } = await scene(t);
  const proxy = await serveProxy(t);
  const client = await TufClient.open({
    dir: clientDir,
    rootJson: publisher.root(),
    baseUrl: server.url,
    proxy: proxy.url,
  });
  await client.refresh();
  assert.equal(text(await client.read("rx/two.json")), "two");
  assert.equal(proxy.forwarded.length, server.requests.length);
});

test("what was verified stays readable offline, in a new process too", async (t) => {
  const { open, server } = await scene(t);
  const client = await open();
  await client.refresh();
  await client.read("rx/one.json");
  const days = (Number(client.expires) - Date.now()) / 86_400_000;
  assert.ok(days > 2.9 && days <= 3, `the timestamp runs out in ${days} days`);
  await server.close();
  await assert.rejects(client.refresh(), { code: "TUF_UNAVAILABLE" });
  for (const offline of [client, await open()]) {
    assert.deepEqual(offline.expires, client.expires);
    assert.deepEqual(offline.targets(), ["rx/one.json", "rx/two.json"]);
    assert.equal(text(await offline.read("rx/one.json")), "one");
    await assert.rejects(offline.read("rx/two.json"), { code: "TUF_UNAVAILABLE" });
  }
});

test("a kept file that was damaged on the disk is fetched again, never given out", async (t) => {
  const { open, server, clientDir } = await scene(t);
  const client = await open();
  await client.refresh();
  await client.read("rx/one.json");
  const [kept] = readdirSync(join(clientDir, "targets"));
  writeFileSync(join(clientDir, "targets", kept!), "0ne");
  assert.equal(text(await client.read("rx/one.json")), "one");
  writeFileSync(join(clientDir, "targets", kept!), "0ne");
  await server.close();
  await assert.rejects(client.read("rx/one.json"), { code: "TUF_UNAVAILABLE" });
});

/** Attacks on metadata, and the code that each must be refused with. */
const attacks: [string, typeof hostile.freeze, string][] = [
  ["an older timestamp", hostile.rollBackTimestamp, "TUF_ROLLBACK"],
  ["an older snapshot", hostile.rollBackSnapshot, "TUF_ROLLBACK"],
  ["older targets", hostile.rollBackTargets, "TUF_ROLLBACK"],
  ["an expired timestamp", hostile.freeze, "TUF_EXPIRED"],
  ["a changed timestamp", hostile.tamperMetadata("timestamp"), "TUF_TAMPERED"],
  ["an endless blank after the timestamp", hostile.oversize("timestamp", 20_000), "TUF_TAMPERED"],
  ["a login page as timestamp", hostile.garble("timestamp"), "TUF_TAMPERED"],
];
for (const role of ["targets", "snapshot", "timestamp", "root"] as const) {
  attacks.push([`${role} signed by a stranger`, hostile.signByStranger(role), "TUF_UNTRUSTED"]);
}

for (const [what, attack, code] of attacks) {
  test(`${what}: ${code}, and the client goes on with what it had`, async (t) => {
    const { open, server, publisherDir, folder, clientDir } = await scene(t);
    const client = await open();
    await client.refresh();
    await client.read("rx/one.json");
    const before = readFileSync(join(clientDir, "trusted.json"));
    const good = server.folder;
    attack(publisherDir, join(folder, "hostile"));
    server.folder = join(folder, "hostile");
    await assert.rejects(client.refresh(), { name: "ThymusError", code });
    await assert.rejects((await open()).refresh(), { name: "ThymusError", code });
    assert.deepEqual(readFileSync(join(clientDir, "trusted.json")), before);
    assert.equal(text(await client.read("rx/one.json")), "one");
    server.folder = good;
    await client.refresh();
  });
}

/** What only shows to a client that has to fetch these very files: one that is new, or behind. */
const attacksOnTheNew: [string, typeof hostile.freeze, string][] = [
  ["targets of another release", hostile.mixReleases, "TUF_TAMPERED"],
  ["a snapshot longer than signed", hostile.oversize("snapshot", 100), "TUF_TAMPERED"],
  ["targets metadata longer than signed", hostile.oversize("targets", 100), "TUF_TAMPERED"],
  ["a changed snapshot", hostile.tamperMetadata("snapshot"), "TUF_TAMPERED"],
  ["changed targets metadata", hostile.tamperMetadata("targets"), "TUF_TAMPERED"],
  ["a login page as snapshot", hostile.garble("snapshot"), "TUF_TAMPERED"],
  ["an expired timestamp", hostile.freeze, "TUF_EXPIRED"],
];
for (const [what, attack, code] of attacksOnTheNew) {
  test(`${what}, shown to a client that is behind: ${code}`, async (t) => {
    const { open, server, publisher, publisherDir, folder } = await scene(t);
    const client = await open();
    await client.refresh();
    await publisher.publish([{ path: "rx/three.json", content: bytes("three") }]);
    const good = server.folder;
    attack(publisherDir, join(folder, "hostile"));
    server.folder = join(folder, "hostile");
    await assert.rejects(client.refresh(), { name: "ThymusError", code });
    assert.deepEqual(client.targets(), ["rx/one.json", "rx/two.json"]);
    server.folder = good;
    await client.refresh();
    assert.equal(text(await client.read("rx/three.json")), "three");
  });
}

test("a target whose bytes were changed, or that never ends, is refused", async (t) => {
  const { open, server, publisherDir, folder } = await scene(t);
  const client = await open();
  await client.refresh();
  const good = server.folder;
  hostile.tamperTargets(publisherDir, join(folder, "tampered"));
  server.folder = join(folder, "tampered");
  await assert.rejects(client.read("rx/one.json"), { code: "TUF_TAMPERED" });
  hostile.oversize("timestamp", 1)(publisherDir, join(folder, "oversized"));
  server.folder = join(folder, "oversized");
  await assert.rejects(client.read("rx/one.json"), { code: "TUF_TAMPERED" });
  server.folder = good;
  server.endless = ".one.json";
  await assert.rejects(client.read("rx/one.json"), { code: "TUF_TAMPERED" });
  server.endless = "timestamp.json";
  await assert.rejects(client.refresh(), { code: "TUF_TAMPERED" });
  server.endless = ".root.json";
  await assert.rejects(client.refresh(), { code: "TUF_TAMPERED" });
  server.endless = null;
  server.broken = 503;
  await assert.rejects(client.refresh(), { code: "TUF_UNAVAILABLE" });
  server.broken = null;
  await client.refresh();
  assert.equal(text(await client.read("rx/one.json")), "one");
});

test("a client follows new keys of every role, from far behind too", async (t) => {
  const { open, publisher, publisherDir } = await scene(t);
  const behind = await open();
  await behind.refresh();
  await publisher.rotateRoot();
  await publisher.rotateRoot(["root", "targets", "snapshot", "timestamp"] satisfies RoleName[]);
  await behind.refresh();
  assert.deepEqual(behind.targets(), ["rx/one.json", "rx/two.json"]);
  const again = await TufPublisher.open({ dir: publisherDir });
  assert.equal(again.root(), publisher.root());
  await again.publish([{ path: "rx/three.json", content: bytes("three") }]);
  await behind.refresh();
  assert.equal(text(await behind.read("rx/three.json")), "three");
  assert.equal(text(await (await open()).read("rx/three.json")), "three");
});

test("a newer root is kept even when what follows is refused: revoked keys do not come back", async (t) => {
  const { open, publisher, publisherDir, server, folder } = await scene(t);
  const client = await open();
  await client.refresh();
  // A copy from before the rotation, whose timestamp key is about to be revoked, one version ahead.
  hostile.rollBackTimestamp(publisherDir, join(folder, "stale"));
  await publisher.rotateRoot(["timestamp"]);
  hostile.freeze(publisherDir, join(folder, "frozen"));
  server.folder = join(folder, "frozen");
  await assert.rejects(client.refresh(), { code: "TUF_EXPIRED" });
  server.folder = join(folder, "stale");
  await assert.rejects((await open()).refresh(), { code: "TUF_UNTRUSTED" });
  assert.deepEqual((await open()).targets(), ["rx/one.json", "rx/two.json"]);
});

test("the root of another repository is refused", async (t) => {
  const { open, server, folder, clientDir } = await scene(t);
  const other = await TufPublisher.open({ dir: join(folder, "other") });
  const misled = await TufClient.open({
    dir: join(folder, "misled"),
    rootJson: other.root(),
    baseUrl: server.url,
  });
  await assert.rejects(misled.refresh(), { code: "TUF_UNTRUSTED" });
  await (await open()).refresh();
  const options = { dir: clientDir, baseUrl: server.url };
  await assert.rejects(TufClient.open({ ...options, rootJson: other.root() }), { code: "TUF_UNTRUSTED" });
  for (const rootJson of ["", "{}", "<html>", other.root().replace(/"version":1/, '"version":2')]) {
    await assert.rejects(TufClient.open({ ...options, rootJson }), { code: "TUF_UNTRUSTED" });
  }
});

test("a damaged state is told, set aside and made anew", async (t) => {
  const { server, publisher, clientDir } = await scene(t);
  const told: string[] = [];
  const options = {
    dir: clientDir,
    rootJson: publisher.root(),
    baseUrl: server.url,
    onDamage: (why: string) => told.push(why),
  };
  await (await TufClient.open(options)).refresh();
  const file = join(clientDir, "trusted.json");
  const good = readFileSync(file, "utf8");
  for (const damaged of [good.slice(0, 500), good.replace("rx/one.json", "rx/0ne.json"), "{}"]) {
    writeFileSync(file, damaged);
    const client = await TufClient.open(options);
    assert.deepEqual(client.targets(), []);
    await client.refresh();
    assert.deepEqual(client.targets(), ["rx/one.json", "rx/two.json"]);
  }
  assert.equal(told.length, 3);
});
