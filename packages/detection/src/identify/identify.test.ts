import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync, gzipSync } from "node:zlib";
import { FileType } from "@thymus/contracts";
import fc from "fast-check";
import { IDENTIFY_BYTES, identifyFile } from "./identify.ts";

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

test("identifies by content", () => {
  const cases: [string | Uint8Array, string | undefined, FileType][] = [
    ["", "a.py", "empty"],
    ["\x7fELF\x02\x01\x01", "x.sh", "elf64"],
    ["\x7fELF\x01\x01\x01", undefined, "elf32"],
    ["\x7fELF\x07", undefined, "other"],
    ["PK\x03\x04rest", undefined, "archive"],
    [Uint8Array.of(0x1f, 0x8b, 8, 0), "x.gz", "archive"],
    [Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), undefined, "archive"],
    [Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 1), undefined, "archive"],
    [tar("hello.txt"), undefined, "archive"],
    ["!<arch>\ndebian-binary   ", "a.deb", "archive"],
    ["Rar!\x1a\x07\x01\0", undefined, "archive"],
    [Uint8Array.of(0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0, 4), "a.7z", "archive"],
    [Uint8Array.of(0xed, 0xab, 0xee, 0xdb, 3, 0), undefined, "archive"],
    ["<?php echo 1;", undefined, "php"],
    ["\n  <?php echo 1;", undefined, "php"],
    ["plain words\n", undefined, "text"],
    ["caf\u00e9 \u4e2d\u6587\n", "notes", "text"],
    ["print(1)\n", "/x/a.py", "python"],
    ["let a", "a.mjs", "node"],
    ["let a", "a.cjs", "node"],
    ["let a", "a.JS", "node"],
    ["my $x;", "A.pm", "perl"],
    ["<html><?php ?>", "a.php", "php"],
    ["echo", "a.constructor", "text"],
    ["a\0b", "a.py", "other"],
    [Uint8Array.of(0xff, 0xfe, 0xfd), "a.sh", "other"],
  ];
  for (const [content, name, type] of cases) {
    const given = typeof content === "string" ? new Uint8Array(Buffer.from(content, "utf8")) : content;
    assert.equal(identifyFile(given, name), type, `${JSON.stringify(content)} named ${name}`);
  }
});

test("identifies scripts by their interpreter", () => {
  const cases: [string, FileType][] = [
    ["#!/bin/sh\n", "shell"],
    ["#! /bin/bash -e\n", "shell"],
    ["#!/bin/sh\r\n", "shell"],
    ["#!/bin/busybox sh\n", "shell"],
    ["#!/usr/bin/env python3\n", "python"],
    ["#!/usr/bin/env -S python3 -u\n", "python"],
    ["#!/usr/bin/env -S -i PATH=/bin perl -w\n", "perl"],
    ["#!/usr/bin/env -iS node --test\n", "node"],
    ["#!/usr/bin/env --split-string=node --test\n", "node"],
    ["#!/usr/bin/env -u HOME A=1 php8.2\n", "php"],
    ["#!/usr/bin/python3.11\n", "python"],
    ["#!/usr/bin/perl5.36.0 -T\n", "perl"],
    ["#!/usr/bin/awk -f\n", "text"],
    ["#!/bin/sh\n\0\0binary behind it", "shell"],
    ["#!/usr/bin/awk\n\0", "other"],
    ["#!", "text"],
    ["#!/usr/bin/env\n", "text"],
  ];
  for (const [line, type] of cases) assert.equal(identifyFile(bytes(line), "a.txt"), type, line);
});

test("an npm package is a gzipped tar of package/ that no name contradicts", () => {
  const packed = gzipSync(tar("package/package.json"));
  assert.equal(identifyFile(packed, "left-pad-1.0.0.tgz"), "npm");
  assert.equal(identifyFile(packed), "npm");
  assert.equal(identifyFile(packed, "backup.tar.gz"), "archive");
  assert.equal(identifyFile(gzipSync(tar("src/package.json")), "a.tgz"), "archive");
  assert.equal(identifyFile(gzipSync(bytes("no tar")), "a.tgz"), "archive");
  const large = gzipSync(Buffer.concat([tar("package/a"), Buffer.alloc(40_000_000)]));
  assert.equal(identifyFile(large.subarray(0, IDENTIFY_BYTES), "a.tgz"), "npm");
});

test("a gzip bomb costs next to nothing and is an archive", () => {
  const bomb = Buffer.concat([
    gzipSync(Buffer.alloc(10)).subarray(0, 10),
    deflateRawSync(Buffer.alloc(1 << 24)),
  ]);
  assert.equal(identifyFile(bomb, "a.tgz"), "archive");
});

test("never throws, and the head alone decides", () => {
  const name = fc.option(fc.string({ maxLength: 20 }), { nil: undefined });
  const start = fc.constantFrom(
    "",
    "#!",
    "\x7fELF",
    "PK\x03\x04",
    "\x1f\x8b\x08",
    "<?php",
    "#!/usr/bin/env -S ",
  );
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 6000 }), name, (prefix, tail, given) => {
      const content = Buffer.concat([Buffer.from(prefix, "latin1"), tail]);
      const type = identifyFile(content, given);
      assert.ok(FileType.options.includes(type));
      assert.equal(identifyFile(content.subarray(0, IDENTIFY_BYTES), given), type);
    }),
    { numRuns: 300 },
  );
});

test("a character cut by the end of the head does not make a text binary", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3 }), (shift) => {
      const text = "x".repeat(shift) + "\u{1f331}".repeat(3000);
      assert.equal(identifyFile(bytes(text)), "text");
    }),
  );
});

/** One header block of a ustar archive (POSIX) and its content. */
function tar(name: string): Buffer {
  const block = Buffer.alloc(1024);
  block.write(name, 0);
  block.write("00000000005\0", 124);
  block.write("0", 156);
  block.write("ustar\u000000", 257);
  block.write("hello", 512);
  return block;
}
