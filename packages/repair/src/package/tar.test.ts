import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { ThymusError } from "@thymus/contracts";
import fc from "fast-check";
import { openPackage, sameTar } from "./apply.ts";
import { gzipFormOf, packGzip, unpackGzip } from "./gzip.ts";
import { repack } from "./packing.ts";
import { parseTar, withContent, writeTar } from "./tar.ts";
import { packOf, tarOf } from "./testing/pack.ts";

const refused = (error: unknown) => error instanceof ThymusError && error.code === "REPAIR_REFUSED";
const path = fc.stringMatching(/^[a-z]{1,20}(\/[a-zA-Z0-9.]{1,30}x){0,5}$/);
const files = fc.dictionary(path, fc.uint8Array({ maxLength: 1500 }), {
  minKeys: 1,
  maxKeys: 8,
  noNullPrototype: true,
});

const source = {
  "package.json": '{"name":"demo","version":"1.2.3","main":"lib/index.js"}\n',
  "lib/index.js": "module.exports = 1;\n",
  "bin/x.js": "#!/usr/bin/env node\n",
  LICENSE: "x\n",
  "README.md": "hi\n",
  "Zed.js": "z\n",
  "alpha.js": "a\n",
  "data/b.json": "{}",
  [`sub/${"long-name-".repeat(7)}/${"other-name-".repeat(7)}/file.txt`]: "far\n",
};

test("what npm itself packs is what we pack, byte for byte", (t) => {
  const dir = mkdtempSync(join(tmpdir(), "thymus-pack-"));
  t.after(() => rmSync(dir, { recursive: true }));
  for (const [name, content] of Object.entries(source)) {
    mkdirSync(dirname(join(dir, "p", name)), { recursive: true });
    writeFileSync(join(dir, "p", name), content);
  }
  const args = ["pack", "--silent", "--offline", "--pack-destination", dir, "--cache", join(dir, "cache")];
  execFileSync("npm", args, { cwd: join(dir, "p"), stdio: "ignore" });
  const packed = readFileSync(join(dir, "demo-1.2.3.tgz"));
  const tar = gunzipSync(packed);
  assert.deepEqual(Buffer.from(tarOf(source)), tar);
  assert.ok(sameTar(packOf(source), packed));
  // The compressor may be another one than that of the npm on this machine; the form says whether it is.
  const form = gzipFormOf(packed, tar);
  if (form !== null) assert.deepEqual(Buffer.from(packGzip(tar, form)), packed);
});

test("a tar stream that is read and written is the same, and so are its headers by npm's rules", () => {
  fc.assert(
    fc.property(files, (made) => {
      const tar = tarOf(made, "kept");
      const read = parseTar(tar);
      assert.deepEqual(writeTar(read), tar);
      assert.deepEqual(writeTar(repack(read, { order: "kept", headers: "npm", modes: "kept" })), tar);
      assert.deepEqual(
        read.members.map((member) => [member.path, Buffer.from(member.content)]),
        Object.entries(made).map(([name, content]) => [name, Buffer.from(content)]),
      );
    }),
    { numRuns: 100 },
  );
});

test("other content in a member gives the stream that would have been packed with it", () => {
  fc.assert(
    fc.property(files, fc.uint8Array({ maxLength: 1500 }), fc.nat(), (made, content, pick) => {
      const name = Object.keys(made)[pick % Object.keys(made).length]!;
      const { members, tail } = parseTar(tarOf(made, "kept"));
      const changed = members.map((member) => (member.path === name ? withContent(member, content) : member));
      assert.deepEqual(writeTar({ members: changed, tail }), tarOf({ ...made, [name]: content }, "kept"));
    }),
    { numRuns: 100 },
  );
});

test("each level and system byte of a gzip stream is told again", () => {
  const tar = tarOf(source);
  for (const form of [1, 4, 6, 9].flatMap((level) => [0, 3, 255].map((os) => ({ level, os })))) {
    const packed = packGzip(tar, form);
    assert.deepEqual(unpackGzip(packed), Buffer.from(tar));
    const told = gzipFormOf(packed, tar);
    assert.ok(told !== null);
    assert.deepEqual(packGzip(tar, told), packed);
  }
});

test("members of GNU tar, with folders and long names, are read", (t) => {
  const dir = mkdtempSync(join(tmpdir(), "thymus-pack-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const long = `package/${"d/".repeat(80)}file.js`;
  for (const name of ["package/package.json", long]) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), "{}");
  }
  for (const format of ["gnu", "pax", "ustar"]) {
    const tar = execFileSync("tar", ["--format", format, "-czf", "-", "package"], { cwd: dir });
    const { members } = openPackage(tar);
    assert.ok(members.some((member) => `package/${member.path}` === long && member.file));
    assert.deepEqual(writeTar({ ...parseTar(gunzipSync(tar)) }), new Uint8Array(gunzipSync(tar)));
  }
});

test("what is cut off, damaged, linked, unsafe, doubled or a bomb is refused", () => {
  const tar = tarOf(source);
  assert.throws(() => parseTar(tar.subarray(0, 700)), refused);
  assert.throws(() => parseTar(tar.subarray(0, tar.length - 1024)), refused);
  assert.throws(() => parseTar(Buffer.concat([tar, Buffer.from("x")])), refused);
  const damaged = Uint8Array.from(tar);
  damaged[0]! ^= 1;
  assert.throws(() => parseTar(damaged), refused);
  for (const name of ["../x", "/etc/x", "a//b", "a/../b"]) {
    assert.throws(() => parseTar(tarOf({ [name]: "x" }, "kept")), refused, name);
  }
  const { members, tail } = parseTar(tar);
  const twice = packGzip(writeTar({ members: [...members, members[0]!], tail }), { level: 1, os: 3 });
  assert.throws(() => openPackage(twice), refused);
  assert.throws(() => openPackage(packOf({ "index.js": "1" })), refused);
  const bomb = packGzip(new Uint8Array(1 << 20), { level: 9, os: 255 });
  assert.throws(() => unpackGzip(bomb, 1 << 16), refused);
  assert.throws(() => unpackGzip(Buffer.from("no gzip")), refused);
});

test("random and broken streams throw nothing but refusals", () => {
  const tar = tarOf(source);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(tar.length - 1), fc.nat(255)), { maxLength: 6 }), (flips) => {
      const broken = Uint8Array.from(tar);
      for (const [at, value] of flips) broken[at] = value;
      try {
        parseTar(broken);
      } catch (error) {
        assert.ok(refused(error), String(error));
      }
    }),
    { numRuns: 500 },
  );
});
