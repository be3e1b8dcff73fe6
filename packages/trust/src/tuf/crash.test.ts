/** Publisher and client end at every durable step: afterwards there is the old state or the new one. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { serveRepository } from "@thymus/testkit/tuf";
import { scratchFolder } from "../testing/scratch.ts";
import { TufClient } from "./client.ts";
import { TufPublisher } from "./publisher.ts";

/** Runs a refreshing client whose `checkpoint` kills the process at `killAt`. Answers with the signal that ended it. */
async function refreshAndDie(
  t: TestContext,
  client: Record<string, unknown>,
  killAt: string | null,
  onStart: (kill: () => void) => void = () => {},
): Promise<NodeJS.Signals | null> {
  const program = `
    import { TufClient } from ${JSON.stringify(import.meta.resolve("./client.ts"))};
    const killAt = ${JSON.stringify(killAt)};
    const checkpoint = async (name) => {
      if (name !== killAt) return;
      process.kill(process.pid, "SIGKILL");
      await new Promise(() => setInterval(() => {}, 1000));
    };
    const client = await TufClient.open({ ...${JSON.stringify(client)}, checkpoint });
    await client.refresh();
    await client.read("rx/two.json");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: "inherit" });
  t.after(() => child.kill("SIGKILL"));
  onStart(() => child.kill("SIGKILL"));
  const [, signal] = await once(child, "close");
  return signal;
}

/** Publishes and changes keys, and comes to a halt at one step as if the power were cut: nothing runs after it. */
async function publishAndHalt(dir: string, haltAt: string | null): Promise<string[]> {
  const steps: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const checkpoint = async (name: string) => {
      steps.push(name);
      if (name !== haltAt) return;
      resolve();
      await new Promise(() => {});
    };
    const work = async () => {
      const publisher = await TufPublisher.open({ dir, checkpoint });
      await publisher.publish([{ path: "rx/two.json", content: Buffer.from("two") }]);
      await publisher.rotateRoot(["root", "timestamp"]);
    };
    work().then(resolve, reject);
  });
  return steps;
}

test("a publisher that ends at any step goes on, and its clients with it", async (t) => {
  const folder = scratchFolder(t);
  const origin = join(folder, "origin");
  const first = await TufPublisher.open({ dir: origin });
  await first.publish([{ path: "rx/one.json", content: Buffer.from("one") }]);
  const server = await serveRepository(join(origin, "repository"));
  t.after(() => server.close());
  cpSync(origin, join(folder, "whole"), { recursive: true });
  const steps = await publishAndHalt(join(folder, "whole"), null);
  assert.equal(steps.length, 8);

  for (const [number, haltAt] of [...new Set(steps)].entries()) {
    const dir = join(folder, `killed-${number}`);
    cpSync(origin, dir, { recursive: true });
    const rootJson = (await TufPublisher.open({ dir })).root();
    const baseUrl = server.url;
    const client = await TufClient.open({ dir: join(folder, `client-${number}`), rootJson, baseUrl });
    server.folder = join(dir, "repository");
    await client.refresh();
    assert.equal((await publishAndHalt(dir, haltAt)).at(-1), haltAt);
    // What lies there is whole for a client at once, unless only the root has moved on; then after the next start.
    const publisher = await TufPublisher.open({ dir });
    await client.refresh();
    assert.deepEqual(client.targets(), publisher.targets(), haltAt);
    await publisher.publish([{ path: "rx/three.json", content: Buffer.from("three") }]);
    await client.refresh();
    assert.equal(Buffer.from(await client.read("rx/three.json")).toString(), "three");
  }
});

test("a client that is killed at any step has the old state or the new one", async (t) => {
  const folder = scratchFolder(t);
  const publisher = await TufPublisher.open({ dir: join(folder, "publisher") });
  await publisher.publish([{ path: "rx/one.json", content: Buffer.from("one") }]);
  const server = await serveRepository(join(folder, "publisher", "repository"));
  t.after(() => server.close());
  const options = { dir: join(folder, "client"), rootJson: publisher.root(), baseUrl: server.url };
  await (await TufClient.open(options)).refresh();
  await publisher.publish([{ path: "rx/two.json", content: Buffer.from("two") }]);
  const expected = {
    "trust.refresh.before-save": ["rx/one.json"],
    "trust.refresh.after-save": ["rx/one.json", "rx/two.json"],
    "trust.read.before-keep": ["rx/one.json", "rx/two.json"],
  };
  for (const [killAt, targets] of Object.entries(expected)) {
    const dir = join(folder, killAt);
    cpSync(options.dir, dir, { recursive: true });
    const client = { ...options, dir };
    assert.equal(await refreshAndDie(t, client, killAt), "SIGKILL");
    await assertUsable(client, targets);
  }
  // In the middle of the downloads, where tuf-js has written some files of its copy and not the others.
  for (const held of ["2.root.json", "timestamp.json", ".snapshot.json", ".targets.json"]) {
    const dir = join(folder, `held-${held}`);
    cpSync(options.dir, dir, { recursive: true });
    const client = { ...options, dir };
    server.held = held;
    const signal = await refreshAndDie(t, client, null, (kill) => {
      server.onHeld = kill;
    });
    server.held = null;
    assert.equal(signal, "SIGKILL");
    await assertUsable(client, ["rx/one.json"]);
  }
});

async function assertUsable(options: { dir: string; rootJson: string; baseUrl: string }, targets: string[]) {
  const client = await TufClient.open({ ...options, onDamage: (why) => assert.fail(why) });
  assert.deepEqual(client.targets(), targets);
  await client.refresh();
  assert.equal(Buffer.from(await client.read("rx/two.json")).toString(), "two");
  assert.deepEqual(readdirSync(options.dir).sort(), ["targets", "trusted.json"]);
}
