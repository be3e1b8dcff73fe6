import assert from "node:assert/strict";
import test from "node:test";
import { gunzipSync } from "node:zlib";
import { identifyFile } from "@thymus/detection";
import { librarySo } from "../testing/fixtures.ts";
import { readElf } from "./elf.ts";
import { startOne } from "./one.ts";

/** What starts it: the words of each command, `itself`, or why nothing does. */
function started(content: string | Uint8Array, name = "x"): string[] | string {
  const bytes = Buffer.from(content as string);
  const start = startOne(bytes, name, identifyFile(bytes, name), "{sample}", "./x");
  if ("refused" in start) return start.refused;
  return start.itself ? "itself" : start.commands.map((words) => words.join(" "));
}

const scripts: [content: string, name: string, expected: string[] | string][] = [
  ["#!/bin/sh\necho", "x", "itself"],
  ["#!/usr/bin/awk -f\nBEGIN {}\n", "x", "itself"],
  ["#!/usr/bin/env -S awk -f\nBEGIN {}\n", "x", "itself"],
  ["#!/usr/local/bin/gawk -f\nBEGIN {}\n", "x", ["/usr/bin/awk -f {sample}"]],
  ["#!/opt/bin/zsh -e\n", "x", ["/usr/bin/zsh-static -e {sample}"]],
  ["#!/opt/bin/python3.12 -u\n", "x", ["/usr/bin/python3 -u {sample}"]],
  ["#!/usr/bin/ruby\n", "x", "no interpreter for ruby scripts here"],
  ["#!/usr/bin/env lua5.4\n", "x", "no interpreter for lua5.4 scripts here"],
  ["puts 1\n", "x.rb", "no interpreter for Ruby here"],
  ["echo off\n", "x.bat", "no interpreter for Windows batch files here"],
  ["BEGIN {}\n", "x.awk", ["/usr/bin/awk -f {sample}"]],
  ["print(1)\n", "x.py", "itself"],
  ["import os\nprint(os.environ)\n", "x", ["/usr/bin/python3 {sample}"]],
  ["use strict;\nmy $x = 1;\n", "x", ["/usr/bin/perl {sample}"]],
  ["const fs = require('fs');\nconsole.log(fs);\n", "x", ["/usr/bin/node {sample}"]],
  ['set -e\nfor f in *; do\n  rm -rf "$f"\ndone\n', "x", ["/bin/bash {sample}"]],
  ["<?php echo 1;", "x", "itself"],
  ["Dear all,\nimport the file if you like: it is for free.\n", "x", "a text that holds no commands"],
  ['{"name": "x", "scripts": {"a": "curl http://x | sh"}}', "x.json", "a text that holds no commands"],
  ["int main(void) { return 0; }\n", "x.c", "a text that holds no commands"],
  ["MZ\x90\0\x03", "x.exe", "a Windows or DOS program cannot be started here"],
  ["%PDF-1.7\n", "x.pdf", "a PDF document cannot be started here"],
  ["", "x", "an empty file starts nothing"],
];
for (const [content, name, expected] of scripts)
  test(`${JSON.stringify(content.slice(0, 40))} named ${name}`, () =>
    assert.deepEqual(started(content, name), expected));

test("a module without an ending is handed to node as one", () => {
  const text = 'import fs from "node:fs";\nconst x = 1;\nconsole.log(fs);\n';
  assert.deepEqual(started(text), [`/usr/bin/node --input-type=module -e ${text} --`]);
});

/** A header of ELF and nothing behind it. */
function elf(machine: number, type = 2, bits = 2, order = 1): Buffer {
  const bytes = Buffer.alloc(bits === 2 ? 64 : 52);
  bytes.write("\x7fELF", "latin1");
  bytes.set([bits, order, 1], 4);
  for (const [value, at] of [
    [type, 16],
    [machine, 18],
  ] as const)
    if (order === 1) bytes.writeUInt16LE(value, at);
    else bytes.writeUInt16BE(value, at);
  return bytes;
}
const library = gunzipSync(librarySo);

test("ELF files of other processors are refused by name", () => {
  const refused = "which this chamber's processor does not run";
  assert.equal(started(elf(62)), "itself");
  assert.equal(started(elf(3, 2, 1)), "itself");
  assert.equal(started(elf(183)), `a program for AArch64 (64 bit), ${refused}`);
  assert.equal(started(elf(40, 2, 1)), `a program for ARM (32 bit), ${refused}`);
  assert.equal(started(elf(8, 2, 1, 2)), `a program for MIPS (32 bit), ${refused}`);
  assert.equal(started(elf(62, 2, 1)), `a program for x86-64 (32 bit), ${refused}`);
  assert.equal(started(elf(4711)), `a program for machine 4711 (64 bit), ${refused}`);
});

test("objects, kernel modules and core dumps are no programs", () => {
  assert.match(String(started(elf(62, 1))), /object file/);
  assert.match(String(started(Buffer.concat([elf(62, 1), Buffer.from(".modinfo\0")]))), /kernel module/);
  assert.match(String(started(elf(62, 4))), /core dump/);
  assert.match(String(started(elf(62).subarray(0, 40))), /damaged/);
});

test("a shared object is preloaded into ordinary programs, and loaded by itself", () => {
  assert.equal(readElf(library, "x")?.kind, "library");
  const ways = started(library) as string[];
  assert.equal(ways.length, 5);
  assert.deepEqual(ways[0], "/usr/bin/env LD_PRELOAD={sample} /bin/ls -la");
  assert.match(ways.at(-1)!, /ctypes\.CDLL\("\{sample\}"\)/);
  const addOn = started(
    Buffer.concat([library, Buffer.from("napi_register_module_v1\0")]),
    "x.node",
  ) as string[];
  assert.match(addOn[0]!, /^\/usr\/bin\/node -e process\.dlopen/);
  const module = started(Buffer.concat([library, Buffer.from("PyInit_thing\0")])) as string[];
  assert.match(module[0]!, /spec_from_file_location\("thing"/);
});

test("a program that needs a loader which is not here is refused", () => {
  const bytes = Buffer.concat([elf(62), Buffer.alloc(200)]);
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(1, 56);
  bytes.writeUInt32LE(3, 64);
  bytes.writeBigUInt64LE(128n, 72);
  bytes.writeBigUInt64LE(30n, 96);
  bytes.write("/lib/ld-musl-x86_64.so.1\0", 128);
  assert.match(String(started(bytes)), /needs the loader \/lib\/ld-musl-x86_64\.so\.1/);
  assert.match(String(started(bytes.subarray(0, 120))), /cut off|damaged|could not run/);
});
