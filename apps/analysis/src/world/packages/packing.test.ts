/** Our packers against the real tools: what they write must be what `npm pack` writes, and what Python reads. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import test from "node:test";
import { gunzipSync } from "node:zlib";
import type { RegistryPackage, World } from "../../chamber/chamber.ts";
import { guestUser } from "../../chamber/layout.ts";
import { readTar } from "../../chamber/run/tar.ts";
import { createWorld } from "../create.ts";
import { tarNpm } from "./pack-npm.ts";

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "thymus-packing-"));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Puts the world's sources into a folder of the host, as they lie in the user's home. */
async function layOut(world: World, folder: string): Promise<void> {
  for (const { path, mode, content } of world.files) {
    if (!path.startsWith(`${guestUser.home}/src/`)) continue;
    const target = join(folder, path.slice(guestUser.home.length));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content, { mode });
  }
}

/** npm as a script, so that it runs on the same Node, and with it the same zlib, as this test. */
function npmScript(): string {
  const found = process.env.PATH?.split(delimiter)
    .map((folder) => join(folder, "npm"))
    .find((path) => existsSync(path));
  assert.ok(found, "npm is on the search path");
  return realpathSync(found);
}

const newest = (list: readonly RegistryPackage[]) => {
  const byName = new Map(list.map((one) => [one.name, one]));
  return [...byName.values()];
};
const accountOf = (world: World) => Object.values(world.tokens)[0]!.account;

test("packing the sources with npm gives the published tarballs, byte for byte", { timeout: 120_000 }, () =>
  inFolder(async (folder) => {
    const world = await createWorld("npm pack");
    await layOut(world, folder);
    const own = newest(
      world.packages.filter((one) => one.ecosystem === "npm" && one.owners.includes(accountOf(world))),
    );
    assert.ok(own.length >= 8);
    const manifests = world.files.filter((file) => file.path.endsWith("/package.json"));
    const sources = own.map((one) => {
      const here = manifests.find(
        (file) => JSON.parse(Buffer.from(file.content).toString()).name === one.name,
      );
      return dirname(join(folder, here!.path.slice(guestUser.home.length)));
    });
    const out = join(folder, "out");
    await mkdir(out);
    execFileSync(
      process.execPath,
      [npmScript(), "pack", "--offline", "--ignore-scripts", "--pack-destination", out, ...sources],
      { cwd: folder, env: { PATH: process.env.PATH, HOME: folder }, stdio: ["ignore", "ignore", "pipe"] },
    );
    for (const { name, file } of own) {
      const theirs = await readFile(join(out, file.name));
      assert.deepEqual(gunzipSync(file.content), gunzipSync(theirs), `archive of ${name}`);
      assert.deepEqual(Buffer.from(file.content), theirs, `tarball of ${name}`);
    }
  }),
);

test("long paths go into the prefix field, too long ones are refused", async () => {
  const path = `${"folder/".repeat(20)}file.js`;
  const tar = tarNpm([{ path, content: Buffer.from("1") }]);
  assert.equal(tar.toString("latin1", 345, 355), "package/fo");
  const { entries } = await readTar(async (at, length) => tar.subarray(at, at + length), {
    maxEntries: 5,
    start: 0,
    end: tar.length,
  });
  assert.equal(entries.length, 1);
  assert.throws(() => tarNpm([{ path: `${"x".repeat(160)}/a`, content: Buffer.alloc(0) }]), {
    code: "TOO_LARGE",
  });
  assert.throws(() => tarNpm([{ path: "x".repeat(120), content: Buffer.alloc(0) }]), { code: "TOO_LARGE" });
});

test("git reads the repositories and finds their trees unchanged", () =>
  inFolder(async (folder) => {
    const world = await createWorld("git");
    await layOut(world, folder);
    const heads = world.files.filter(
      (file) => file.path.startsWith(`${guestUser.home}/src/`) && file.path.endsWith("/.git/HEAD"),
    );
    for (const { path } of heads) {
      const tree = join(folder, dirname(dirname(path)).slice(guestUser.home.length));
      const git = (...words: string[]) =>
        execFileSync("git", ["-C", tree, ...words], {
          encoding: "utf8",
          stdio: "pipe",
          env: { PATH: process.env.PATH, HOME: folder },
        });
      git("fsck", "--strict");
      assert.ok(git("log", "--oneline").trim().split("\n").length >= 2);
      git("read-tree", "HEAD");
      assert.equal(git("status", "--porcelain"), "", tree);
    }
  }));

test("Python imports a wheel, finds its record true, and reads a source distribution", (t) =>
  inFolder(async (folder) => {
    if (spawnSync("python3", ["--version"]).error && !process.env.CI)
      return t.skip("needs python3 on this machine");
    const world = await createWorld("python");
    for (const { name, file } of newest(world.packages.filter((one) => one.file.name.endsWith(".whl")))) {
      const wheel = join(folder, file.name);
      await writeFile(wheel, file.content);
      const program = `
import sys, zipfile, csv, hashlib, base64, importlib
wheel, module = sys.argv[1:]
with zipfile.ZipFile(wheel) as z:
    assert z.testzip() is None
    record = next(n for n in z.namelist() if n.endswith("/RECORD"))
    for path, digest, size in csv.reader(z.read(record).decode().splitlines()):
        if not digest: continue
        data = z.read(path)
        assert len(data) == int(size)
        assert digest == "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
sys.path.insert(0, wheel)
print(importlib.import_module(module).__version__)`;
      const said = execFileSync("python3", ["-c", program, wheel, name.replaceAll("-", "_")], {
        encoding: "utf8",
      });
      assert.ok(file.name.includes(`-${said.trim()}-`));
    }
    const sdists = world.packages.filter((one) => one.file.name.endsWith(".tar.gz"));
    const tar = gunzipSync(sdists[0]!.file.content);
    const { entries, cut } = await readTar(async (at, length) => tar.subarray(at, at + length), {
      maxEntries: 50,
      start: 0,
      end: tar.length,
    });
    assert.equal(cut, false);
    assert.ok(entries.some((entry) => entry.path.endsWith("/pyproject.toml")));
  }));

test("the packages' own tests hold", () =>
  inFolder(async (folder) => {
    const world = await createWorld("own tests");
    await layOut(world, folder);
    const tests = world.files
      .map((file) => file.path)
      .filter((path) => /\/src\/.*(\/test\.js|\.test\.js|\/test\/all\.js)$/.test(path));
    assert.ok(tests.length >= 5);
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    execFileSync(
      process.execPath,
      [
        "--test",
        "--test-isolation=none",
        ...tests.map((path) => join(folder, path.slice(guestUser.home.length))),
      ],
      { stdio: "pipe", env },
    );
  }));
