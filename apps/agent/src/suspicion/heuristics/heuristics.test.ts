import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { decoysFor } from "../../monitors/decoys/content.ts";
import { tinyElf } from "../../monitors/decoys/tiny-elf.ts";
import { encodedPayload } from "./encoded-payload.ts";
import { oddEntryPoint } from "./odd-entry-point.ts";
import { programWriter } from "./program-writer.ts";

test("a program of this system has its entry point where it belongs", () => {
  assert.equal(oddEntryPoint.find(readFileSync("/bin/sh"), "elf64"), null);
  assert.equal(oddEntryPoint.find(readFileSync(process.execPath).subarray(0), "elf64"), null);
});

test("an entry point in a writable or a further, last segment is odd", () => {
  const elf = Buffer.from(tinyElf("x", Buffer.alloc(100)));
  assert.equal(oddEntryPoint.find(elf, "elf64"), null);
  const writable = Buffer.from(elf);
  writable.writeUInt32LE(7, 68);
  assert.match(oddEntryPoint.find(writable, "elf64")!, /writable/);
  const outside = Buffer.from(elf);
  outside.writeBigUInt64LE(0x900000n, 24);
  assert.match(oddEntryPoint.find(outside, "elf64")!, /no segment/);
});

test("damaged programs are safe to look at", () => {
  const elf = Buffer.from(tinyElf("x", Buffer.alloc(40)));
  fc.assert(
    fc.property(fc.nat(119), fc.nat(255), fc.nat(elf.length), (at, value, length) => {
      const broken = Buffer.from(elf);
      broken[at] = value;
      oddEntryPoint.find(broken, "elf64");
      oddEntryPoint.find(broken.subarray(0, length), "elf32");
    }),
  );
});

test("a blob alone or an eval alone is nothing; both together are", () => {
  const blob = Buffer.from("inert text that stands for something encoded ".repeat(8)).toString("base64");
  assert.equal(encodedPayload.find(Buffer.from(`data = "${blob}"\n`), "python"), null);
  assert.equal(encodedPayload.find(Buffer.from("exec(code)\n"), "python"), null);
  assert.ok(encodedPayload.find(Buffer.from(`exec(decode("${blob}"))\n`), "python"));
  assert.ok(encodedPayload.find(Buffer.from(`#!/bin/sh\neval "$(echo ${blob} | base64 -d)"\n`), "shell"));
});

test("a script that only copies files is no writer of programs", () => {
  const backup = '#!/bin/sh\nfor f in *.txt; do cp "$f" /backup/; done\n';
  assert.equal(programWriter.find(Buffer.from(backup), "shell"), null);
});

test("decoys look like nothing to any heuristic, differ by seed, and are the same for the same seed", () => {
  for (const decoy of decoysFor("seed")) {
    const bytes = Buffer.from(decoy.content);
    const type = { shell: "shell", node: "node", elf: "elf64", document: "text" }[decoy.kind];
    for (const heuristic of [oddEntryPoint, encodedPayload, programWriter])
      assert.equal(heuristic.find(bytes, type), null, `${decoy.kind} and ${heuristic.name}`);
  }
  assert.deepEqual(decoysFor("seed"), decoysFor("seed"));
  const [one, other] = [decoysFor("one"), decoysFor("other")];
  one.forEach((decoy, index) => {
    assert.notDeepEqual(decoy.content, other[index]!.content);
    assert.notEqual(decoy.name, other[index]!.name);
  });
});

test("the programs among the decoys run and only print", () => {
  const dir = mkdtempSync(join(tmpdir(), "thymus-decoys-"));
  try {
    for (const decoy of decoysFor("run")) {
      if (decoy.kind === "document") continue;
      const path = join(dir, decoy.name);
      writeFileSync(path, decoy.content);
      chmodSync(path, 0o755);
      const command = decoy.kind === "node" ? [process.execPath, path] : [path];
      execFileSync(command[0]!, command.slice(1), { env: { HOME: dir, PATH: "/usr/bin:/bin" } });
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
