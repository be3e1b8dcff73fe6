import assert from "node:assert/strict";
import { test } from "node:test";
import { type CorpusFile, FileType } from "@thymus/contracts";
import fc from "fast-check";
import { corpusDigest, decodeFiles, decodeTornFiles, encodeFiles } from "./file-list.ts";

const file = fc.record(
  {
    path: fc.string({ unit: "binary" }).map((name) => `/${name}`),
    size: fc.nat(),
    mtimeMs: fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
    sha256: fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 64, maxLength: 64 }),
    type: fc.constantFrom(...FileType.options),
  },
  { noNullPrototype: true },
) as unknown as fc.Arbitrary<CorpusFile>;

test("a list comes back as it was", () => {
  fc.assert(
    fc.property(fc.array(file), (files) => {
      assert.deepEqual(decodeFiles(encodeFiles(files)), files);
    }),
  );
});

test("a list that was cut anywhere keeps its whole lines; a strict reader refuses a broken one", () => {
  fc.assert(
    fc.property(fc.array(file, { minLength: 1 }), fc.nat(), (files, seed) => {
      const text = encodeFiles(files);
      const cut = text.slice(0, seed % text.length);
      const whole = cut.split("\n").length - 1;
      const read = decodeTornFiles(cut);
      assert.deepEqual(read.slice(0, whole), files.slice(0, whole));
      assert.ok(read.length <= whole + 1);
    }),
  );
  for (const text of ["x", '["a"]', '{"path": "/x"}', '["", 1, 2, "elf64", "/x"]', "[1]\n[2"]) {
    assert.throws(() => decodeFiles(text), { code: "DOCUMENT_INVALID" });
  }
});

test("the digest depends on content, size, type and path, not on times", () => {
  const one = { path: "/a", size: 1, mtimeMs: 1, sha256: "0".repeat(64), type: "text" } as CorpusFile;
  const digest = corpusDigest([one]);
  assert.equal(corpusDigest([{ ...one, mtimeMs: 2 }]), digest);
  for (const other of [{ path: "/b" }, { size: 2 }, { sha256: "1".repeat(64) }, { type: "elf64" }]) {
    assert.notEqual(corpusDigest([{ ...one, ...other } as CorpusFile]), digest);
  }
});
