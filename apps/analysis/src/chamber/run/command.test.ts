import assert from "node:assert/strict";
import test from "node:test";
import { interpreterOf, startsItself } from "./command.ts";
import { byTurns, sampleName } from "./input.ts";

const cases: [content: string, type: Parameters<typeof interpreterOf>[1], name: string, words: string[]][] = [
  ["\x7fELF\x02", "elf64", "x", []],
  ["#!/bin/sh\necho", "shell", "x", []],
  ["#!/usr/bin/env python3\nprint()", "python", "x", []],
  ["#!/usr/bin/env python\nprint()", "python", "x", ["/usr/bin/python3"]],
  ["#!/bin/sh\r\necho", "shell", "x", ["/bin/sh"]],
  ["echo", "shell", "x", ["/bin/sh"]],
  ["#!/opt/bash\necho", "shell", "x", ["/bin/bash"]],
  ["console.log()", "node", "x.js", ["/usr/bin/node"]],
  ["<?php echo 1;", "php", "x", ["/usr/bin/php"]],
  ["print 1", "other", "x.pl", ["/usr/bin/perl"]],
  ["words", "text", "x.txt", []],
];
for (const [content, type, name, words] of cases)
  test(`${JSON.stringify(content)} of type ${type} is started by ${words[0] ?? "itself"}`, () => {
    assert.deepEqual(interpreterOf(Buffer.from(content, "latin1"), type, name), words);
  });

test("an interpreter that the guest lacks does not start a file", () => {
  assert.equal(startsItself(Buffer.from("#!/usr/bin/ruby\n")), false);
  assert.equal(startsItself(Buffer.from("#!/bin/bash -e\n")), true);
});

test("a sample's name is one plain part", () => {
  assert.equal(sampleName("../../etc/passwd"), "passwd");
  assert.equal(sampleName(".."), "sample");
  assert.equal(sampleName("a\nb"), "a_b");
  assert.ok(Buffer.byteLength(sampleName("ü".repeat(300))) <= 200);
});

test("every kind of decoy has its turn before any has its second", () => {
  const decoys = ["a1", "a2", "a3", "b1", "c1", "c2"].map((path) => ({ path, kind: path[0]! }));
  assert.deepEqual(
    byTurns(decoys).map(({ path }) => path),
    ["a1", "b1", "c1", "a2", "c2", "a3"],
  );
});
