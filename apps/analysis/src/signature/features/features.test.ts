import assert from "node:assert/strict";
import { test } from "node:test";
import { FileType } from "@thymus/contracts";
import fc from "fast-check";
import { random } from "../../infection/testing/random.ts";
import { machineCode, program } from "../family/testing/programs.ts";
import { featuresOf, WINDOW } from "./index.ts";

const of = (bytes: Uint8Array) => featuresOf({ bytes, type: "elf64" });

test("strings come by line, with the place of the first, UTF-16 as its bytes", () => {
  const wide = Buffer.from("a wide string", "utf16le");
  const bytes = Buffer.concat([
    Buffer.from("\x01\x02first line\nsecond line\0short\0second line\0\xff"),
    wide,
    Buffer.from([0, 0, 1]),
  ]);
  const { strings } = of(bytes);
  assert.deepEqual([...strings.keys()], ["first line", "second line", wide.toString("latin1")]);
  assert.equal(strings.get("second line"), bytes.indexOf("second line"));
});

test("windows are the same wherever the bytes stand", () => {
  const body = random(3).bytes(20_000);
  const moved = of(Buffer.concat([random(4).bytes(777), body])).windows;
  const own = of(body).windows;
  assert.ok(own.size > 300);
  for (const [hash, at] of own) {
    assert.ok(moved.has(hash));
    assert.ok(at + WINDOW <= body.length);
  }
});

test("machine code is the same wherever its addresses point", () => {
  const build = (number: number) =>
    of(program({ texts: ["text"], seed: number, code: machineCode(5, number), isDynamic: true })).code;
  assert.ok(build(1).size > 20);
  assert.deepEqual([...build(1).keys()], [...build(2).keys()]);
  assert.ok([...build(1).keys()].some((pattern) => pattern.includes("????????")));
  const arm = program({ texts: [], seed: 1, architecture: "arm64" });
  assert.equal(of(arm).code.size, 0);
});

test("tells where names and code lie, and what is odd", () => {
  const bytes = program({
    texts: ["a text of the program"],
    names: ["a_function_name"],
    seed: 1,
    isDynamic: true,
  });
  const structure = of(bytes).structure!;
  const at = bytes.indexOf("a_function_name");
  assert.ok(structure.names.some(({ start, end }) => start <= at && at < end));
  assert.equal(structure.code.length, 1);
  assert.equal(structure.isStatic, false);
  assert.deepEqual(structure.oddities, []);
  const longer = Buffer.concat([bytes, Buffer.alloc(9000, 1)]);
  assert.deepEqual(of(longer).structure!.oddities, ["bytes-after-the-end"]);
  assert.equal(of(Buffer.from("#!/bin/sh\n")).structure, null);
});

test("compressed parts are dense, machine code and texts are not", () => {
  assert.ok(of(random(1).bytes(50_000)).density.share > 0.99);
  assert.equal(of(machineCode(1, 1, 9000)).density.share, 0);
  const { densest } = of(Buffer.concat([Buffer.alloc(8192, "text "), random(2).bytes(8192)])).density;
  assert.deepEqual(densest, { start: 8192, end: 16_384 });
});

test("a table of names beyond the end has none", () => {
  const bytes = Buffer.from(program({ texts: ["one text"], names: ["name"], seed: 1, isDynamic: true }));
  const sections = Number(bytes.readBigUInt64LE(0x28));
  for (let at = 0; at < bytes.readUInt16LE(0x3c); at++)
    bytes.writeBigUInt64LE(2n ** 40n, sections + 64 * at + 24);
  assert.ok(of(bytes).structure);
});

test("never throws, whatever the bytes are", () => {
  const whole = program({ texts: ["one text", "another text"], names: ["name"], seed: 1, isDynamic: true });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 8 }),
      fc.nat(whole.length),
      fc.constantFrom(...FileType.options),
      (changes, end, type) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        // Most of what can go wrong is in the headers and tables.
        for (const [at, value] of changes) bytes[at % 200] = value;
        const features = featuresOf({ bytes: bytes.subarray(0, end), type });
        for (const part of ["strings", "windows", "code", "structure", "density"] as const)
          void features[part];
      },
    ),
    { numRuns: 150 },
  );
});
