import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { unshift } from "./unshift.ts";

/** A small ELF file of 64 or 32 bits in either byte order, with tables of these offsets. */
function elf(wide: boolean, little: boolean, segments: readonly number[], sections: readonly number[]) {
  const [header, phdr, shdr] = wide ? [64, 56, 64] : [52, 32, 40];
  const shoff = header + phdr * segments.length;
  const bytes = Buffer.alloc(shoff + shdr * sections.length);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, little ? 1 : 2, 1]);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const word = (at: number, value: number) =>
    wide ? view.setBigUint64(at, BigInt(value), little) : view.setUint32(at, value, little);
  const half = (at: number, value: number) => view.setUint16(at, value, little);
  word(wide ? 32 : 28, header);
  word(wide ? 40 : 32, shoff);
  for (const [i, value] of [phdr, segments.length, shdr, sections.length].entries())
    half((wide ? 54 : 42) + 2 * i, value);
  for (const [i, value] of segments.entries()) word(header + i * phdr + (wide ? 8 : 4), value);
  for (const [i, value] of sections.entries()) word(shoff + i * shdr + (wide ? 24 : 16), value);
  return bytes;
}

test("bytes put into an ELF file anywhere behind its header: all offsets are as they were again", () => {
  const offsets = fc.array(fc.nat(5000), { maxLength: 5 });
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.boolean(),
      offsets,
      offsets,
      fc.nat(400),
      fc.nat(300),
      (w, l, p, s, at, by) => {
        const clean = elf(w, l, p, s);
        const header = w ? 64 : 52;
        const tables = header + (w ? 56 : 32) * p.length;
        // Between the header, the tables and what is behind them, not inside one.
        const from = at < 100 ? header : at < 200 ? tables : clean.length;
        const move = (offset: number) => (offset >= from ? offset + by : offset);
        const moved = elf(w, l, p.map(move), s.map(move));
        const view = new DataView(moved.buffer, moved.byteOffset);
        const word = (place: number, value: number) =>
          w ? view.setBigUint64(place, BigInt(value), l) : view.setUint32(place, value, l);
        word(w ? 32 : 28, move(header));
        word(w ? 40 : 32, move(tables));
        const infected = Buffer.concat([
          moved.subarray(0, from),
          Buffer.alloc(by, 0xcc),
          moved.subarray(from),
        ]);
        const back = unshift(infected, from, by);
        const repaired = Buffer.concat([back.subarray(0, from), back.subarray(from + by)]);
        assert.deepEqual(repaired, clean);
      },
    ),
    { numRuns: 300 },
  );
});

test("what is no ELF file, or has tables elsewhere, is refused", () => {
  assert.throws(() => unshift(Buffer.from("#!/bin/sh\n"), 0, 4), /ELF/);
  const bytes = elf(true, true, [64], []);
  bytes.writeBigUInt64LE(1n << 60n, 32);
  assert.throws(() => unshift(bytes, 64, 4), /outside/);
});
