import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { assembleKernel } from "./assemble.ts";
import { AbsenceFilter } from "./filter.ts";
import { KERNEL } from "./kernel.ts";
import { filterBits, filterSpace, PIECE_BYTES, ROOM } from "./memory.ts";
import { Remembered, wordsIn } from "./remembered.ts";

const filled = (files: readonly Uint8Array[], bits = 16, room = 64) => {
  const space = filterSpace(bits, 1, room);
  const filter = new AbsenceFilter(space, 0);
  for (const file of files) filter.add(file);
  filter.flush();
  return new Remembered(wordsIn(space), bits);
};

test("the kernel is what its source says", async () => {
  const why = "run: node apps/analysis/src/self/absence/assemble.ts";
  assert.equal(KERNEL, Buffer.from(await assembleKernel(import.meta.dirname)).toString("base64"), why);
});

test("no part of what was remembered is ever called absent", () => {
  const file = fc.oneof(
    fc.uint8Array({ maxLength: 600 }),
    // Few byte values: ties of hashes, runs of zeros.
    fc.array(fc.constantFrom(0, 0, 0, 1, 255), { maxLength: 600 }).map((bytes) => Uint8Array.from(bytes)),
  );
  fc.assert(
    fc.property(fc.array(file, { maxLength: 5 }), fc.nat(), fc.nat(), (files, seed, span) => {
      const filter = filled(files);
      for (const bytes of files) {
        const from = seed % (bytes.length + 1);
        const part = bytes.subarray(from, from + 16 + (span % 64));
        if (filter.absent(part) || filter.absent(bytes)) return false;
      }
      return true;
    }),
  );
});

test("pieces across the borders of blocks and of the input are remembered", () => {
  const file = randomBytes((1 << 20) * 2 + 12345);
  const filter = filled([file], 18);
  for (let at = 0; at + 16 <= file.length; at += 7) assert.ok(!filter.absent(file.subarray(at, at + 16)));
  for (let border = 6989; border < file.length - 40; border += 6989)
    for (let at = border - 30; at < border + 30; at++)
      assert.ok(!filter.absent(file.subarray(at, at + 20)), `${at}`);
  for (const border of [1 << 20, (1 << 20) - 11, 2 << 20, (2 << 20) - 22])
    for (let at = border - 60; at < border + 60; at++) assert.ok(!filter.absent(file.subarray(at, at + 24)));
  assert.ok(!filter.absent(file));
});

test("zeros are remembered wherever they stand in a block", () => {
  for (const at of [0, 1, 6989, 7000]) {
    const file = Buffer.alloc(20_000, 1);
    file.fill(0, at, at + 12);
    const space = filterSpace(16, 1, 64);
    const filter = new AbsenceFilter(space, 0);
    filter.add(file);
    filter.flush();
    // Their hash is 0: in the first word the first bit.
    assert.ok(wordsIn(space).has(0, 1, 0), `${at}`);
  }
  const zeros = filled([Buffer.alloc(7000)]);
  assert.ok(!zeros.absent(Buffer.alloc(12)) && !zeros.absent(Buffer.alloc(7000)));
  // An index that an older version made may lack them.
  assert.ok(!filled([]).absent(Buffer.alloc(100)));
});

test("what is strange is nearly always called absent from 20 bytes on", () => {
  const known = randomBytes(400_000);
  const filter = filled([known], filterBits(known.length));
  const strange = (length: number) => {
    let told = 0;
    for (let run = 0; run < 1000; run++) if (filter.absent(randomBytes(length))) told++;
    return told;
  };
  assert.equal(strange(PIECE_BYTES - 1), 0);
  assert.ok(strange(16) > 600, `${strange(16)}`);
  assert.ok(strange(20) > 900, `${strange(20)}`);
  assert.ok(strange(32) > 990, `${strange(32)}`);
  assert.ok(filled([]).absent(randomBytes(20)));
});

test("about two pieces in nine are marked", () => {
  // Each marked piece sets up to three bits; with many words hardly any two share one.
  const bits = 16;
  const space = filterSpace(bits, 1, ROOM);
  const filter = new AbsenceFilter(space, 0);
  filter.add(randomBytes(50_000));
  filter.flush();
  let set = 0;
  for (const byte of new Uint8Array(space.memory.buffer, 65536, 8 * 2 ** bits))
    for (let rest = byte; rest > 0; rest &= rest - 1) set++;
  assert.ok(set > 50_000 * 0.2 * 2.9 && set < 50_000 * 0.25 * 3, `${set}`);
});
