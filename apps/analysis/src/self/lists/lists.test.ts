import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { buildCorpus } from "../build.ts";
import { openCorpus } from "../corpus.ts";
import { importList } from "./import-list.ts";
import { readList } from "./read-list.ts";

const root = mkdtempSync(join(tmpdir(), "thymus-lists-"));
after(() => rmSync(root, { recursive: true }));

const md5 = `${"0".repeat(31)}1`;
const sha1 = `${"a".repeat(39)}2`;
const sha256 = `${"B".repeat(63)}3`;

function file(name: string, content: unknown): string {
  const path = join(root, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}
const read = async (path: string) => (await Array.fromAsync(readList(path))).map(({ value }) => value);
const misp = (type: string, list: string[]) => ({
  name: `known ${type}`,
  type,
  list,
  ...{ version: 1, description: "for this test", matching_attributes: ["md5"] },
});

test("plain lists, tables and warninglists are told apart by themselves", async () => {
  const all = [sha256.toLowerCase(), sha1, md5];
  assert.deepEqual(
    await read(file("plain", `# known\n${sha256}  /usr/bin/x\n${sha1}\n  ${md5}\nabcdef\n`)),
    all,
  );
  const table = `"SHA-1","MD5","CRC32","FileName"\n"${sha1.toUpperCase()}","${md5}","00","a, ""b"".txt"\n`;
  assert.deepEqual(await read(file("nsrl.txt", table)), [sha1, md5]);
  assert.deepEqual(await read(file("table", `name,sha256\n"x,y",${sha256}\n`)), [all[0]]);
  assert.deepEqual(await read(file("hashes.json", misp("string", [md5, "word"]))), [md5, "word"]);
});

test("what is no list is refused with the place", async () => {
  const invalid = (name: string, content: unknown, message: RegExp) =>
    assert.rejects(read(file(name, content)), { code: "DOCUMENT_INVALID", message });
  await invalid("a", { name: "x", type: "colour", list: [] }, /type/);
  await invalid("b", { name: "x", type: "string", list: [1] }, /list/);
  await invalid("c", misp("regex", ["ok", "("]), /list\[1\] is no regex/);
  await invalid("d", misp("cidr", ["10.0.0.0/8", "10.0.0.0/99"]), /list\[1\] is no cidr/);
  await invalid("e", "{ not json", /./);
  await assert.rejects(read(join(root, "nothing")), { code: "UNREADABLE" });
});

test("a corpus knows what its lists hold, and a new build keeps them", async () => {
  const good = join(root, "good");
  const dir = join(root, "self");
  mkdirSync(good);
  writeFileSync(join(good, "a.sh"), "#!/bin/sh\necho hello\n");
  await assert.rejects(importList(dir, file("plain", sha256)), { code: "CORPUS_MISSING" });
  await buildCorpus({ dir, sources: [good], modelBytes: 4096 });
  await assert.rejects(importList(dir, file("empty", "nothing here\n")), { code: "DOCUMENT_INVALID" });
  await importList(dir, file("plain", `${md5}\n`));
  assert.deepEqual(
    { ...(await importList(dir, file("plain", `${sha256}\n${sha1}\n`))), sha256: "" },
    { name: "plain", sha256: "", hashes: 2, texts: 0 },
  );
  for (const list of [
    misp("string", ["exactly this"]),
    misp("substring", ["part of"]),
    misp("hostname", ["example.com", ".example.org"]),
    misp("cidr", ["192.0.2.0/24", "2001:db8::/32", "198.51.100.7"]),
    misp("regex", ["/^user-[0-9]+$/i", "x{3}y"]),
  ])
    await importList(dir, file(`${list.type}.json`, list));
  await buildCorpus({ dir, sources: [good], modelBytes: 4096 });
  const corpus = await openCorpus(dir);
  assert.equal(corpus.manifest.lists?.length, 6);
  assert.deepEqual(
    [sha256.toLowerCase(), sha1, md5].map((digest) => corpus.listedHash(digest)),
    ["plain", "plain", null],
  );
  const warned: [string, string | null][] = [
    ["exactly this", "known string"],
    ["not exactly this", null],
    ["a part of it", "known substring"],
    ["http://www.Example.com/x", "known hostname"],
    ["mail example.org now", "known hostname"],
    ["http://notexample.com/", null],
    ["ping 192.0.2.77:80", "known cidr"],
    ["198.51.100.7", "known cidr"],
    ["198.51.100.8", null],
    ["[2001:db8::5]", "known cidr"],
    ["USER-12", "known regex"],
    ["xxxy", "known regex"],
    ["", null],
  ];
  for (const [text, name] of warned) assert.equal(corpus.warned(text), name, text);
});
