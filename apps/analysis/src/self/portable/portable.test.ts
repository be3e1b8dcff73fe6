import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { hash, randomBytes } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { buildCorpus } from "../build.ts";
import { openCorpus } from "../corpus.ts";
import { exportCorpus } from "./export.ts";
import { importCorpus } from "./import.ts";

let root: string;
const content: Record<string, Buffer> = {};

/** Two machines: one with little, one with so much that its filter is larger. */
before(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "thymus-portable-")));
  for (const [name, size] of [
    ["one", 20_000],
    ["two", 1_500_000],
  ] as const) {
    mkdirSync(join(root, name));
    content[name] = randomBytes(size);
    writeFileSync(join(root, name, "secret-name"), content[name]);
    writeFileSync(join(root, name, "same"), "#!/bin/sh\necho the same on both machines\n");
    await buildCorpus({ dir: join(root, `${name}-self`), sources: [join(root, name)], modelBytes: 4096 });
    await exportCorpus(join(root, `${name}-self`), join(root, `${name}.self`));
  }
});
after(() => rmSync(root, { recursive: true }));

const parts = (bytes: Buffer) =>
  Array.from({ length: 100 }, (_, at) =>
    bytes.subarray((at * bytes.length) / 101, (at * bytes.length) / 101 + 24),
  );

test("a machine without files of its own knows what others hold, in any order of imports", async () => {
  const indexes = [];
  for (const order of [
    ["one", "two"],
    ["two", "one"],
  ]) {
    const dir = join(root, `hub-${order[0]}`);
    for (const name of [...order, order[0]]) await importCorpus(dir, join(root, `${name}.self`));
    const corpus = await openCorpus(dir);
    assert.equal(corpus.manifest.imported?.from.length, 2);
    assert.equal(corpus.manifest.imported?.hashes.count, 3);
    indexes.push(corpus.manifest.imported?.index.sha256);
    for (const bytes of Object.values(content)) {
      for (const part of parts(bytes)) assert.equal(corpus.absent!(part), false);
      assert.ok(corpus.importedHash(hash("sha256", bytes)));
    }
    assert.ok(parts(randomBytes(9999)).filter((part) => corpus.absent!(part)).length > 60);
    assert.ok(!corpus.importedHash("0".repeat(64)) && !corpus.importedHash(""));
    assert.ok(corpus.logProbability(Buffer.from("echo the same")) < 0);
    // Nothing is here to be scanned, and the count says so.
    assert.equal((await corpus.scan([{ namespace: "n", source: "rule r { condition: true }" }])).files, 0);
    assert.equal(readdirSync(dir).length, 7);
  }
  assert.equal(indexes[0], indexes[1]);
});

test("what a machine learned and what it imported count both, and a new build keeps it", async () => {
  const dir = join(root, "one-self");
  const own = (await openCorpus(dir)).manifest;
  await importCorpus(dir, join(root, "two.self"));
  const build = { dir, sources: [join(root, "one")], modelBytes: 4096 };
  const { imported, ...rest } = await buildCorpus(build);
  assert.deepEqual([rest.digest, rest.index, rest.model], [own.digest, own.index, own.model]);
  assert.equal(imported?.from.length, 1);
  const corpus = await openCorpus(dir);
  for (const bytes of Object.values(content))
    for (const part of parts(bytes)) assert.equal(corpus.absent!(part), false);
});

test("an import that is killed behind its last file changed nothing; made again it ends as if nothing had been", async () => {
  const [dir, whole] = [join(root, "killed"), join(root, "not-killed")];
  for (const each of [dir, whole]) await importCorpus(each, join(root, "one.self"));
  const before = readFileSync(join(dir, "manifest.json"));
  const script = `import { importCorpus } from ${JSON.stringify(new URL("./import.ts", import.meta.url).href)};
    await importCorpus(${JSON.stringify(dir)}, ${JSON.stringify(join(root, "two.self"))});`;
  const killed = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    env: {
      ...process.env,
      THYMUS_FAILPOINT: "analysis.corpus.imported",
      THYMUS_FAILPOINT_ONCE: join(root, "once"),
    },
  });
  assert.equal(killed.signal, "SIGKILL", killed.stderr.toString());
  assert.deepEqual(readFileSync(join(dir, "manifest.json")), before);
  assert.equal((await openCorpus(dir)).manifest.imported?.from.length, 1);
  for (const each of [dir, whole]) await importCorpus(each, join(root, "two.self"));
  const [one, other] = [await openCorpus(dir), await openCorpus(whole)];
  assert.deepEqual(one.manifest.imported, other.manifest.imported);
  assert.deepEqual(readdirSync(dir).sort(), readdirSync(whole).sort());
});

test("the file holds no paths and no content", () => {
  const bytes = readFileSync(join(root, "one.self"));
  for (const text of ["secret-name", "echo the same", root]) assert.ok(!bytes.includes(text), text);
});

test("a damaged file is refused with the place, and changes nothing", async () => {
  const whole = readFileSync(join(root, "two.self"));
  const broken = join(root, "broken.self");
  const header = whole.indexOf(10) + 1;
  const { hashes, model } = JSON.parse(whole.toString("latin1", 0, header));
  const flipped = (at: number) => {
    const bytes = Buffer.from(whole);
    bytes[at]! ^= 1;
    return bytes;
  };
  const cases: [Buffer, RegExp][] = [
    [flipped(header + 3), /its hashes, bytes \d+ to/],
    [flipped(header + hashes.size + 500), /its model, bytes \d+ to/],
    [flipped(header + hashes.size + model.size + 500), /its index, bytes \d+ to/],
    [flipped(whole.length - 1), /its labels, bytes \d+ to/],
    [whole.subarray(0, -1), /instead of/],
    [Buffer.concat([whole, Buffer.alloc(1)]), /instead of/],
    [whole.subarray(header), /./],
    [Buffer.alloc(0), /./],
  ];
  for (const [bytes, why] of cases) {
    writeFileSync(broken, bytes);
    const dir = join(root, "never");
    await assert.rejects(importCorpus(dir, broken), { code: "DOCUMENT_INVALID", message: why });
    await assert.rejects(openCorpus(dir), { code: "CORPUS_MISSING" });
  }
  await assert.rejects(importCorpus(join(root, "never"), join(root, "nothing")), { code: "UNREADABLE" });
});
