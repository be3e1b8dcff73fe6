import assert from "node:assert/strict";
import { chmodSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { PublishFiles, parseDocument } from "@thymus/contracts";
import { serveRepository } from "@thymus/testkit/tuf";
import { scratchFolder } from "../testing/scratch.ts";
import { TufClient } from "./client.ts";
import { publishRequests } from "./publish-requests.ts";
import { TufPublisher } from "./publisher.ts";
import { LIFETIME_MS, MAX_TARGETS } from "./repository.ts";

const bytes = (text: string) => Buffer.from(text);
const DAY = 24 * 60 * 60 * 1000;

test("files come in the order in which a mirror may show them", async (t) => {
  const publisher = await TufPublisher.open({ dir: join(scratchFolder(t), "p") });
  const first = (await publisher.files()).map(({ path }) => path);
  assert.deepEqual(
    first,
    ["root", "targets", "snapshot", "timestamp"].map(
      (role) => `metadata/${role === "timestamp" ? "" : "1."}${role}.json`,
    ),
  );
  const changed = await publisher.publish([{ path: "rx/one.json", content: bytes("one") }]);
  assert.match(changed[0]!.path, /^targets\/rx\/[0-9a-f]{64}\.one\.json$/);
  assert.deepEqual(
    changed.slice(1).map(({ path }) => path),
    ["metadata/2.targets.json", "metadata/2.snapshot.json", "metadata/timestamp.json"],
  );
  assert.equal((await publisher.files()).length, 5);
});

test("keys are private, and a publisher without them does not start", async (t) => {
  const dir = join(scratchFolder(t), "p");
  await TufPublisher.open({ dir });
  const keys = readdirSync(join(dir, "keys"));
  assert.equal(keys.length, 4);
  for (const name of keys) assert.equal(statSync(join(dir, "keys", name)).mode & 0o777, 0o600);
  chmodSync(join(dir, "keys", keys[0]!), 0o644);
  await assert.rejects(TufPublisher.open({ dir }), { code: "KEY_PERMISSIONS" });
  chmodSync(join(dir, "keys", keys[0]!), 0o600);
  const publisher = await TufPublisher.open({ dir });
  rmSync(join(dir, "keys"), { recursive: true });
  await publisher.refreshTimestamp();
  const reopened = await TufPublisher.open({ dir });
  await assert.rejects(reopened.refreshTimestamp(), { code: "KEY_INVALID" });
});

test("calls at the same time are carried out one after another", async (t) => {
  const publisher = await TufPublisher.open({ dir: join(scratchFolder(t), "p") });
  const names = Array.from({ length: 10 }, (_, i) => `rx/${i}.json`);
  await Promise.all(names.map((path) => publisher.publish([{ path, content: bytes(path) }])));
  assert.deepEqual(publisher.targets().sort(), names.sort());
});

test("names that could leave their folder and too many targets are refused", async (t) => {
  const publisher = await TufPublisher.open({ dir: join(scratchFolder(t), "p") });
  for (const path of [
    "",
    "/etc/passwd",
    "../up",
    "a/../b",
    "a//b",
    "a b",
    "ä",
    "a".repeat(161),
    ".",
    "a/.",
  ]) {
    await assert.rejects(publisher.publish([{ path, content: bytes("x") }]), { code: "DOCUMENT_INVALID" });
  }
  const many = Array.from({ length: MAX_TARGETS + 1 }, (_, i) => ({ path: `rx/${i}`, content: bytes("x") }));
  await assert.rejects(publisher.publish(many), { code: "TOO_MANY" });
  assert.deepEqual(publisher.targets(), []);
  await publisher.publish(many.slice(1));
  assert.equal(publisher.targets().length, MAX_TARGETS);
});

test("refreshing keeps everything valid over two years, with pauses and restarts", async (t) => {
  const dir = join(scratchFolder(t), "p");
  const server = await serveRepository(join(dir, "repository"));
  t.after(() => server.close());
  const start = Date.now() - 2 * 365 * DAY;
  let clock = start;
  const open = () => TufPublisher.open({ dir, now: () => new Date(clock) });
  let publisher = await open();
  const rootJson = publisher.root();
  await publisher.publish([{ path: "rx/one.json", content: bytes("one") }]);
  for (let day = 17; day <= 2 * 365; day += 23) {
    clock = start + day * DAY;
    if (day % 2 === 0) publisher = await open();
    await publisher.refreshTimestamp();
  }
  clock = Date.now();
  await publisher.refreshTimestamp();
  const client = await TufClient.open({ dir: join(dir, "client"), rootJson, baseUrl: server.url });
  await client.refresh();
  assert.equal(Buffer.from(await client.read("rx/one.json")).toString(), "one");
  // Old metadata does not pile up.
  assert.ok(readdirSync(join(dir, "repository", "metadata")).length < 30);
});

test("a timestamp that nobody refreshed is refused after three days", async (t) => {
  const dir = join(scratchFolder(t), "p");
  const past = new Date(Date.now() - LIFETIME_MS.timestamp - 60_000);
  const publisher = await TufPublisher.open({ dir, now: () => past });
  const server = await serveRepository(join(dir, "repository"));
  t.after(() => server.close());
  const client = await TufClient.open({
    dir: join(dir, "client"),
    rootJson: publisher.root(),
    baseUrl: server.url,
  });
  await assert.rejects(client.refresh(), { code: "TUF_EXPIRED", hint: /analysis centre/ });
});

test("published files become messages that the contract takes", async (t) => {
  const publisher = await TufPublisher.open({ dir: join(scratchFolder(t), "p") });
  const targets = Array.from({ length: 150 }, (_, i) => ({
    path: `rx/${i}.json`,
    content: bytes(`content ${i}`),
  }));
  await publisher.publish([...targets, { path: "rx/large", content: Buffer.alloc(5_000_000) }]);
  const files = await publisher.files();
  const requests = publishRequests(files);
  for (const request of requests) parseDocument(PublishFiles, request, "message");
  assert.deepEqual(
    requests.flatMap((r) => r.files.map(({ path }) => path)),
    files.map(({ path }) => path),
  );
  assert.equal(requests.length, 3);
  assert.throws(() => publishRequests([{ path: "rx", content: new Uint8Array(7_000_000) }]), {
    code: "TOO_LARGE",
  });
});
