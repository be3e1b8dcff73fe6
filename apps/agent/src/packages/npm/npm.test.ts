import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, realpath, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { makeScene, until } from "../../testing/scene.ts";
import type { PackageManager } from "../manager.ts";
import { several } from "../several.ts";
import { packageAt, parseLockfile, placeOf } from "./lockfile.ts";
import { Npm } from "./npm.ts";

/** A project, and npm as it does it: packages into node_modules, tarballs into a cache, its own lockfile last. */
async function project(t: TestContext) {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "thymus-npm-")));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const folder = join(dir, "app");
  const cache = join(dir, "cache");
  const locked: Record<string, unknown> = {};
  const install = async (
    place: string,
    version: string,
    files: Record<string, string>,
    options: { cached?: boolean; into?: string } = {},
  ) => {
    const source = join(dir, "source");
    await rm(source, { recursive: true, force: true });
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(source, "package", name)), { recursive: true });
      await writeFile(join(source, "package", name), text);
    }
    await mkdir(join(source, "package"), { recursive: true });
    execFileSync("tar", ["-czf", join(dir, "it.tgz"), "-C", source, "package"]);
    const bytes = await readFile(join(dir, "it.tgz"));
    const digest = createHash("sha512").update(bytes).digest();
    const hex = digest.toString("hex");
    if (options.cached !== false) {
      const at = join(cache, "content-v2/sha512", hex.slice(0, 2), hex.slice(2, 4), hex.slice(4));
      await mkdir(dirname(at), { recursive: true });
      await writeFile(at, bytes);
    }
    const into = options.into ?? folder;
    await rm(join(into, place), { recursive: true, force: true });
    await cp(join(source, "package"), join(into, place), { recursive: true });
    locked[place] = { version, integrity: `sha512-${digest.toString("base64")}` };
    const text = JSON.stringify({ lockfileVersion: 3, packages: { "": {}, ...locked } });
    await writeFile(join(into, "node_modules/.package-lock.json"), text);
  };
  const at = (name: string) => join(folder, name);
  const by = async (npm: Npm, name: string) => {
    const vouch = (await npm.vouches(new Map([[at(name), await readFile(at(name))]]))).get(at(name));
    return vouch ? `${vouch.package} ${vouch.version} ${vouch.level}` : null;
  };
  return { at, by, cache, folder, install };
}

test("a file is vouched for by the tarball that the lockfile pins, where that is in npm's cache", async (t) => {
  const { at, by, cache, install } = await project(t);
  await install("node_modules/one", "1.0.0", { "index.js": "let one\n", "lib/a.js": "let a\n" });
  await install("node_modules/@scope/two", "2.0.0", { "index.js": "let two\n" });
  await install(
    "node_modules/one/node_modules/three",
    "3.0.0",
    { "index.js": "let three\n" },
    { cached: false },
  );
  const npm = new Npm({ caches: [cache] });
  assert.equal(await by(npm, "node_modules/one/lib/a.js"), "one 1.0.0 pinned");
  assert.equal(await by(npm, "node_modules/@scope/two/index.js"), "@scope/two 2.0.0 pinned");
  assert.equal(await by(npm, "node_modules/one/node_modules/three/index.js"), null);
  await writeFile(at("node_modules/one/index.js"), "let other\n");
  assert.equal(await by(npm, "node_modules/one/index.js"), null);
});

const dpkgs = { package: "npm", version: "1", kind: "file", underway: false, doubt: null } as const;

test("what came with another entry of the lockfile is a dependency; what was written later is not", async (t) => {
  const { at, cache, folder, install } = await project(t);
  await install("node_modules/one", "1.0.0", { "index.js": "let one\n" }, { cached: false });
  await install("node_modules/two", "1.0.0", { "index.js": "let two\n" }, { cached: false });
  const npm = new Npm({ caches: [cache] });
  const kind = async (name: string) => (await npm.claim(at(name)))?.kind ?? null;
  assert.equal(await kind("node_modules/one/index.js"), "dependency");
  assert.equal(await kind("node_modules/none/index.js"), null);
  assert.equal(await kind("index.js"), null);
  await install("node_modules/one", "1.1.0", { "index.js": "let one = 1\n" }, { cached: false });
  assert.equal(await kind("node_modules/one/index.js"), "dependency");
  assert.equal(await kind("node_modules/two/index.js"), "dependency", "since its own entry");
  await pause(2100);
  await writeFile(at("node_modules/two/index.js"), "let other\n");
  await install("node_modules/three", "1.0.0", {}, { cached: false });
  assert.equal(await kind("node_modules/two/index.js"), null, "its entry is older");
  await mkdir(join(folder, "node_modules/.one-AbCd1234"));
  await mkdir(join(folder, "node_modules/none"));
  await mkdir(join(folder, "node_modules/.none-AbCd1234"));
  const moving = async (name: string) => (await npm.claim(at(name)))?.underway ?? false;
  assert.equal(await moving("node_modules/one/index.js"), true);
  assert.equal(await moving("node_modules/two/index.js"), false, "another is being replaced");
  assert.equal(await moving("node_modules/none/index.js"), false, "no lockfile has it");
  const system = { ...npm, claim: async () => dpkgs } as unknown as PackageManager;
  const both = several([system, npm]);
  assert.equal(
    await both.claim(at("node_modules/one/index.js")),
    dpkgs,
    "a package of the system goes first",
  );
});

test("lockfiles of other forms, and what is none, know nothing", () => {
  for (const text of [
    "",
    "{",
    "[]",
    '{"packages":[]}',
    '{"dependencies":{}}',
    '{"packages":{"node_modules/a":3}}',
  ])
    assert.equal(parseLockfile(text).size, 0, text);
  const locked = parseLockfile(
    '{"packages":{"node_modules/a":{"version":"1","integrity":"sha1-x"},"b":{},"node_modules/c":{"link":true}}}',
  );
  assert.deepEqual([...locked.keys()], ["node_modules/a"]);
  assert.equal(locked.get("node_modules/a")!.sha512, null);
  assert.equal(packageAt(locked, "node_modules/a/x/y.js")!.name, "a");
  assert.equal(packageAt(locked, "node_modules/ab/x.js"), null);
  assert.equal(placeOf("/srv/app/index.js"), null);
});

test("npm install and update of many packages raise nothing, with and without the tarballs", async (t) => {
  const { cache, install } = await project(t);
  const scene = await makeScene();
  t.after(() => scene.close());
  const into = join(scene.watched, "app");
  await mkdir(into, { recursive: true });
  await scene.startAgent(undefined, new Npm({ caches: [cache] }));
  const banner = (version: string) =>
    `/*! published ${version} by nobody in particular, all the same words in each file */\n`.repeat(4);
  for (const version of ["1.0.0", "2.0.0"]) {
    for (let index = 0; index < 6; index++)
      await install(
        `node_modules/dep${index}`,
        version,
        {
          "index.js": `${banner(version)}module.exports = ${index}\n`,
          "cli.js": `#!/usr/bin/env node\n${banner(version)}`,
        },
        { cached: index % 2 === 0, into },
      );
    const now = Date.now() / 1000;
    await utimes(join(into, "node_modules/.package-lock.json"), now, now);
    await until(`${version} is accepted`, async () => {
      const text = await readFile(join(scene.dataDir, "events.ndjson"), "utf8").catch(() => "");
      const places = version === "1.0.0" ? "appeared" : "changed";
      return (
        new RegExp(`accepted \\S*dep4/index.js: it ${places}`).test(text) &&
        new RegExp(`accepted \\S*dep5/index.js: it ${places}`).test(text)
      );
    });
  }
  assert.equal(scene.server.cases.size, 0);
  const text = await readFile(join(scene.dataDir, "events.ndjson"), "utf8");
  assert.doesNotMatch(text, /suspected/);
});
