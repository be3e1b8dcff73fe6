/** Real archives of every kind, made by the tools that make them. */
import assert from "node:assert/strict";
import test from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { Budget } from "@thymus/detection";
import { arOf, byTool, tarOf, zipOf } from "../testing/archives.ts";
import { infoZip, infoZipAnother, infoZipInfected, made, tarBz2, tarXz } from "../testing/fixtures.ts";
import { openAll } from "./open.ts";

const files = made;
const tar = tarOf(files);

const archives: Record<string, () => Buffer | Promise<Buffer>> = {
  "x.tar": () => tar,
  "x.tar.gz": () => gzipSync(tar),
  "x.tar.zst": () => zstdCompressSync(tar),
  "x.tar.bz2": () => tarBz2,
  "x.tar.xz": () => tarXz,
  "pax.tar.gz": () => byTool(files, ["tar", "--format=pax", "-czf", "x.tar.gz", "a"], "x.tar.gz"),
  "old.tar": () => byTool(files, ["tar", "--format=v7", "-cf", "x.tar", "a"], "x.tar"),
  "x.zip": () => infoZip,
  "stored.zip": () => zipOf(files, { level: 0 }),
  "x64.zip": () => zipOf(files, { zip64: true }),
  "described.zip": () => zipOf(files, { dataDescriptor: true }),
  "secret.zip": () => infoZipInfected,
  "aes.zip": () => zipOf(files, { password: "malware", encryptionStrength: 3 }),
};
for (const [name, make] of Object.entries(archives))
  test(`${name} is opened`, async () => {
    const [opened] = await openAll(await make(), name, new Budget());
    assert.ok(opened);
    assert.equal(opened.tree.cut, null);
    assert.deepEqual([...opened.tree.left], []);
    const found = [...opened.tree.files].map(([path, { content }]) => [
      path,
      Buffer.from(content).toString(),
    ]);
    assert.deepEqual(Object.fromEntries(found), files);
  });

test("a zip with another password says that it needs one", async () => {
  const [opened] = await openAll(infoZipAnother, "x.zip", new Budget());
  assert.deepEqual([...opened!.tree.left], [["need a PASSWORD", 2]]);
});

for (const [format, pack] of Object.entries({ gz: gzipSync, zst: zstdCompressSync }))
  test(`a single file in ${format} keeps its name`, async () => {
    const [opened] = await openAll(pack(Buffer.from("#!/bin/sh\n")), `tool.sh.${format}`, new Budget());
    assert.deepEqual([...opened!.tree.files.keys()], ["tool.sh"]);
  });

test("archives in archives are opened beside themselves, down to a depth", async () => {
  let inner: Buffer = tarOf({ "deep.sh": "#!/bin/sh\n" });
  for (const name of ["c", "b", "a"]) inner = await zipOf({ [`${name}.bin`]: inner });
  const opened = await openAll(inner, "outer.zip", new Budget());
  assert.deepEqual(
    opened.map(({ folder }) => folder),
    [
      "outer",
      "outer/a.bin_files",
      "outer/a.bin_files/b.bin_files",
      "outer/a.bin_files/b.bin_files/c.bin_files",
    ],
  );
  const deeper = await openAll(gzipSync(inner), "more.gz", new Budget());
  assert.equal(deeper.length, 4);
  assert.deepEqual([...deeper.at(-1)!.tree.left], [["are archives too deep inside others", 1]]);
});

test("ar, as a Debian package has it", async () => {
  const deb = arOf({
    "debian-binary": "2.0\n",
    "control.tar.gz": gzipSync(tar),
    "data.tar.gz": gzipSync(tar),
  });
  const opened = await openAll(deb, "x.deb", new Budget());
  assert.deepEqual(
    opened.map(({ folder, tree }) => [folder, tree.files.size]),
    [
      ["x", 3],
      ["x/control", 2],
      ["x/data", 2],
    ],
  );
});
