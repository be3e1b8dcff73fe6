import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, realpath, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Config, type LinkRequest, silentLogger } from "@thymus/contracts";
import type { LinkClient } from "@thymus/trust";
import { sha256Of } from "../files/regular.ts";
import { Dpkg } from "../packages/dpkg/dpkg.ts";
import { openAgentDatabase } from "../state/open.ts";
import { makeScene, until } from "../testing/scene.ts";
import { Contribution } from "./contribution.ts";

const script = (text: string) => `#!/bin/sh\necho ${text}\n`;
const hex = (kind: string, text: string) => createHash(kind).update(text).digest("hex");

/** A machine with packages: scripts, the manifest that names them, and what else may lie there. */
async function machine(t: TestContext) {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "thymus-vouched-")));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const at = (name: string) => join(dir, "bin", name);
  const manifest = new Map<string, string>();
  await mkdir(at(""), { recursive: true });
  await mkdir(join(dir, "dpkg", "info"), { recursive: true });
  const list = async () => {
    const lines = [...manifest].map(([path, md5]) => `${md5}  ${path.slice(1)}\n`);
    await writeFile(join(dir, "dpkg", "info", "tools.md5sums"), lines.join(""));
    await writeFile(join(dir, "dpkg", "status"), String(Math.random()));
    const now = Date.now() / 1000 + Math.random();
    await utimes(join(dir, "dpkg", "status"), now, now);
  };
  const install = async (name: string, text: string) => {
    await writeFile(at(name), text);
    await chmod(at(name), 0o755);
    manifest.set(at(name), hex("md5", text));
  };
  for (let place = 0; place < 12; place++) await install(`tool-${place}`, script(`tool ${place}`));
  await list();
  return { at, dir, folder: join(dir, "dpkg"), install, list, manifest };
}

/** A server that keeps what it is told, as the admin server does. */
function listener() {
  const held = new Map<number, { digest: string; files: string[] }>();
  const said: LinkRequest[] = [];
  let left = Number.POSITIVE_INFINITY;
  const link = {
    async send(request: LinkRequest) {
      if (left-- <= 0) throw new Error("the line is cut");
      said.push(request);
      if (request.type === "self-part") {
        const lines = request.files.map(({ sha256, size }) => `${sha256} ${size}\n`).sort();
        held.set(request.part, {
          digest: hex("sha256", lines.join("")),
          files: request.files.map(({ sha256 }) => sha256),
        });
        return { type: "done" };
      }
      assert.equal(request.type, "self-offer");
      const { parts } = request as Extract<LinkRequest, { type: "self-offer" }>;
      parts.forEach((digest, part) => void (digest === null && held.delete(part)));
      return {
        type: "self-wanted",
        parts: parts.flatMap((digest, part) => (digest && held.get(part)?.digest !== digest ? [part] : [])),
      };
    },
  } as unknown as LinkClient;
  return {
    link,
    said,
    cut: (after: number) => {
      left = after;
    },
    get files() {
      return [...held.values()].flatMap(({ files }) => files).sort();
    },
  };
}

async function contribution(t: TestContext, folder: string, dataDir: string, contribute = true) {
  await mkdir(dataDir, { recursive: true });
  const db = await openAgentDatabase(dataDir);
  t.after(() => db.destroy());
  const config = Config.parse({ agent: { contribute } });
  const { signal } = new AbortController();
  return new Contribution({ db, config, packages: new Dpkg({ admin: folder }), log: silentLogger, signal });
}

const digest = (text: string) => hex("sha256", text);

test("it is off unless the owner wants it", async (t) => {
  assert.equal(Config.parse({}).agent.contribute, false);
  const { dir, folder } = await machine(t);
  const { link, said } = listener();
  await (await contribution(t, folder, join(dir, "data"), false)).round(link);
  assert.deepEqual(said, []);
});

test("only programs that are what their package says are told, as digest and size; no path and no content", async (t) => {
  const { at, dir, folder, install, list, manifest } = await machine(t);
  await writeFile(at("tool-0"), script("changed by somebody"));
  await writeFile(at("own.sh"), script("no package has it"));
  await install("notes", "no program\n");
  await install("private", script("not for everybody"));
  await chmod(at("private"), 0o750);
  await symlink(at("tool-1"), at("link"));
  manifest.set(at("link"), hex("md5", script("tool 1")));
  manifest.set(at("gone"), hex("md5", "x"));
  await list();
  const { link, said } = listener();
  await (await contribution(t, folder, join(dir, "data"))).round(link);
  const told = said.flatMap((each) => (each.type === "self-part" ? each.files : []));
  const wanted = Array.from({ length: 11 }, (_, place) => script(`tool ${place + 1}`));
  assert.deepEqual(
    told.map(({ sha256, size }) => [sha256, size]).sort(),
    wanted.map((text) => [digest(text), text.length]).sort(),
  );
  assert.ok(!JSON.stringify(said).includes("tool"), "no name");
});

test("only what changed since is sent; nothing where nothing did; taken back where it is switched off", async (t) => {
  const { at, dir, folder, install, list, manifest } = await machine(t);
  const server = listener();
  const self = await contribution(t, folder, join(dir, "data"));
  await self.round(server.link);
  const parts = server.said.length - 1;
  assert.equal(server.files.length, 12);
  await self.round(server.link);
  assert.equal(server.said.length, 1 + parts, "not even asked");
  await install("tool-3", script("a new version"));
  manifest.delete(at("tool-4"));
  await list();
  await self.round(server.link);
  assert.ok(server.said.length <= 1 + parts + 4, `${server.said.length - 1 - parts} messages`);
  assert.equal(server.files.length, 11);
  assert.ok(server.files.includes(digest(script("a new version"))));
  assert.ok(!server.files.includes(digest(script("tool 3"))));
  const off = await contribution(t, folder, join(dir, "data"), false);
  await off.round(server.link);
  assert.deepEqual(server.files, []);
  const messages = server.said.length;
  await off.round(server.link);
  assert.equal(server.said.length, messages, "once");
});

test("a round that was cut off goes on where it stopped", async (t) => {
  const { dir, folder } = await machine(t);
  const server = listener();
  const self = await contribution(t, folder, join(dir, "data"));
  server.cut(4);
  await assert.rejects(self.round(server.link), /cut/);
  assert.equal(server.files.length > 0, true);
  const sent = server.said.length;
  server.cut(Number.POSITIVE_INFINITY);
  await self.round(server.link);
  assert.equal(server.files.length, 12);
  const part = (each: LinkRequest) => (each.type === "self-part" ? [each.part] : []);
  const first = new Set(server.said.slice(0, sent).flatMap(part));
  assert.ok(
    server.said
      .slice(sent)
      .flatMap(part)
      .every((each) => !first.has(each)),
    "nothing twice",
  );
});

test("an agent that is killed in the middle of it tells the rest after its start", async (t) => {
  const { folder } = await machine(t);
  const scene = await makeScene({ contribute: true });
  t.after(() => scene.close());
  const program = `
    const { runAgent } = await import(${JSON.stringify(new URL("../agent.ts", import.meta.url).href)});
    const { Dpkg } = await import(${JSON.stringify(new URL("../packages/dpkg/dpkg.ts", import.meta.url).href)});
    const log = { info() {}, warn() {}, error() {} };
    await runAgent({ ...JSON.parse(process.argv[1]), log }, { packages: new Dpkg({ admin: ${JSON.stringify(folder)} }) });`;
  const { dataDir, config } = scene;
  const child = spawn(
    process.execPath,
    ["--input-type=module", "-e", program, JSON.stringify({ dataDir, config })],
    {
      env: {
        ...process.env,
        THYMUS_FAILPOINT: "agent.contributed",
        THYMUS_FAILPOINT_ONCE: join(scene.dir, "died"),
      },
      stdio: "inherit",
    },
  );
  const [, signal] = await once(child, "exit");
  assert.equal(signal, "SIGKILL");
  assert.equal(scene.server.selfParts, 1);
  await scene.startAgent(silentLogger, new Dpkg({ admin: folder }));
  const held = () => [...scene.server.self.values()].flat();
  await until("all is told", () => held().length === 12);
  const texts = await Promise.all(
    Array.from({ length: 12 }, (_, place) => readFile(join(folder, "..", "bin", `tool-${place}`))),
  );
  assert.deepEqual(
    held()
      .map(({ sha256 }) => sha256)
      .sort(),
    texts.map(sha256Of).sort(),
  );
});
