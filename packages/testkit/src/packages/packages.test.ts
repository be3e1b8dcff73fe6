import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { needs } from "../needs.ts";
import {
  listOthers,
  listPackageLookalikes,
  listPackageWorms,
  packageWormSources,
  packageWormsFolder,
  releaseInDen,
} from "./index.ts";

const skip = needs("bwrap");
const content = gzipSync(Buffer.alloc(1024));
const packages = [{ name: "a", version: "1.0.0", content, owner: true }];

for (const { id } of listPackageWorms()) {
  test(`${id}: exits at once where the drill folder is missing`, { skip }, () => {
    const { status, published, said } = releaseInDen(id, {
      account: "a",
      token: "t".repeat(20),
      packages,
      drill: false,
    });
    assert.deepEqual([status, published, said], [77, [], ""]);
  });

  test(`${id}: carries the mark, and what it writes carries the mark and nothing of itself`, () => {
    const text = readFileSync(join(packageWormsFolder, id), "utf8");
    assert.match(text, new RegExp(`THYMUS-DRILL-SAMPLE ${id}`));
    const payload = /const (?:BUNDLE|TAIL) = `([\s\S]*?)`;\n/.exec(text)?.[1] ?? "";
    assert.match(payload, new RegExp(`THYMUS-DRILL-SAMPLE ${id}`));
    assert.match(payload, /\/run\/thymus-drill\/spread/);
    assert.doesNotMatch(payload, /https?:|npmrc|publish|writeFile|fetch/);
    const hosts = [...text.matchAll(/https?:\/\/([a-z.]+)/g)].map(([, host]) => host);
    assert.deepEqual([...new Set(hosts)].sort(), ["collect.example.org", "registry.npmjs.org"]);
    assert.ok(packageWormSources(id).some(({ path }) => path === "setup.js"));
  });
}

test("the look-alikes have sources that are sound; the one that publishes does so in the chamber only", () => {
  for (const { sources, start } of listPackageLookalikes()) {
    const files = new Map(sources().map((file) => [file.path, Buffer.from(file.content).toString()]));
    const manifest = JSON.parse(files.get("package.json")!);
    assert.ok(manifest.name && manifest.version);
    if (start) assert.ok(files.has(start[1]!));
    for (const [path, text] of files)
      if (/npm", \["publish/.test(text)) assert.match(text, /process\.exit\(77\)/, path);
  }
});

test("the list of others names each package once, by a digest, and tells a part of it evenly", async () => {
  const all = await listOthers();
  assert.ok(all.length >= 2000);
  assert.equal(new Set(all.map(({ name }) => name)).size, all.length);
  for (const { version, integrity } of all) {
    assert.match(version, /^\d+\.\d+\.\d+/);
    assert.match(integrity, /^sha512-[A-Za-z0-9+/]{86}==$/);
  }
  const part = await listOthers(100);
  assert.equal(new Set(part.map(({ name }) => name)).size, 100);
  assert.ok(execFileSync("npm", ["--version"], { encoding: "utf8" }));
});
