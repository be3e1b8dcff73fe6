import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { type Finding, Finding as FindingSchema } from "@thymus/contracts";
import fc from "fast-check";
import { bundleSources } from "../bundle/bundle.ts";
import { identifyFile } from "../identify/identify.ts";
import { scanPaths } from "../scan/scan-paths.ts";
import { packageMembers } from "./members.ts";

const LIMIT = 1 << 24;
const rule = 'rule mark { strings: $a = "MARKER-OF-THE-TEST" condition: $a }';

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "thymus-members-"));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

function tarball(dir: string, files: Record<string, string>, format = "ustar"): Buffer {
  const work = mkdtempSync(join(dir, "work-"));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(work, "package", path)), { recursive: true });
    writeFileSync(join(work, "package", path), content);
  }
  const paths = Object.keys(files).map((path) => `package/${path}`);
  const tar = execFileSync("tar", ["--format", format, "-cf", "-", ...paths], { cwd: work });
  rmSync(work, { recursive: true });
  return gzipSync(tar);
}

const files = {
  "package.json": '{"name":"demo","version":"1.0.0"}',
  "lib/index.js": "before MARKER-OF-THE-TEST after",
  "README.md": "quotes MARKER-OF-THE-TEST",
};

test("a find inside a tarball keeps its path and names the member, by type of member", async (t) => {
  const dir = folder(t);
  const infected = tarball(dir, files);
  const stored = join(dir, "a".repeat(124));
  writeFileSync(join(dir, "demo-1.0.0.tgz"), infected);
  writeFileSync(stored, infected);
  writeFileSync(join(dir, "clean-1.0.0.tgz"), tarball(dir, { "package.json": "{}" }));
  const scan = async (scope: Parameters<typeof bundleSources>[1], engine: "native" | "wasm" = "native") => {
    const found: Finding[] = [];
    const errors: string[] = [];
    const summary = await scanPaths({
      paths: [dir],
      bundle: bundleSources([{ namespace: "t", source: rule }], scope),
      engine,
      onFinding: (finding) => found.push(FindingSchema.parse(finding)),
      onError: (path) => errors.push(path),
    });
    assert.deepEqual(errors, []);
    assert.equal(summary.files, 3);
    return found.map(({ path, member }) => [path === stored ? "store" : "tgz", member]).sort();
  };
  const index = [
    ["store", "package/lib/index.js"],
    ["tgz", "package/lib/index.js"],
  ];
  const all = [["store", "package/README.md"], index[0], ["tgz", "package/README.md"], index[1]];
  assert.deepEqual(await scan(["npm", "node"]), index);
  assert.deepEqual(await scan(["npm", "node"], "wasm"), index);
  assert.deepEqual(await scan(["npm"]), all);
  assert.deepEqual(await scan(null), all);
  assert.deepEqual(await scan(["node"]), []);
});

test("a tarball that unpacks to too much, or is broken inside, is told", async (t) => {
  const dir = folder(t);
  const whole = tarball(dir, files);
  assert.equal(packageMembers(whole, 1024).missing?.code, "TOO_LARGE");
  assert.equal(packageMembers(whole.subarray(0, whole.length - 20), LIMIT).missing?.code, "UNREADABLE");
  writeFileSync(join(dir, "cut-1.0.0.tgz"), whole.subarray(0, whole.length - 20));
  const errors: string[] = [];
  await scanPaths({
    paths: [dir],
    sources: [{ namespace: "t", source: rule }],
    onFinding: () => {},
    onError: (_, error) => errors.push(error.code),
  });
  assert.deepEqual(errors, ["UNREADABLE"]);
});

test("long names in each format of tar", (t) => {
  const dir = folder(t);
  const long = `${"deep/".repeat(40)}index.js`;
  for (const format of ["gnu", "pax", "v7", "ustar"]) {
    const path = format === "v7" ? "a/index.js" : format === "ustar" ? `${"deep/".repeat(20)}index.js` : long;
    const { members, missing } = packageMembers(tarball(dir, { [path]: "x" }, format), LIMIT);
    assert.equal(missing, null);
    assert.deepEqual(
      members.map((member) => [member.path, Buffer.from(member.bytes).toString()]),
      [[`package/${path}`, "x"]],
    );
  }
});

test("whatever the bytes are, reading ends and throws nothing", (t) => {
  const tar = gunzipSync(tarball(folder(t), files));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(tar.length - 1), fc.nat(255)), { maxLength: 8 }), (flips) => {
      const broken = Uint8Array.from(tar);
      for (const [at, value] of flips) broken[at] = value;
      const { members } = packageMembers(gzipSync(broken, { level: 1 }), LIMIT);
      assert.ok(members.reduce((sum, { bytes }) => sum + bytes.length, 0) <= tar.length);
    }),
    { numRuns: 200 },
  );
  assert.equal(identifyFile(gzipSync(tar), "x.tgz"), "npm");
  assert.equal(identifyFile(gzipSync(tar), "x.tar.gz"), "archive");
});
