import assert from "node:assert/strict";
import { test } from "node:test";
import { FileType } from "@thymus/contracts";
import fc from "fast-check";
import { type Selectable, selectFiles } from "./select.ts";

const files = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.constantFrom(...FileType.options)), { maxLength: 80 })
  .map((entries) => entries.map(([size, type], index): Selectable => ({ path: `/${index}`, size, type })));

const bytesOf = (all: readonly Selectable[], chosen: ReadonlySet<string>) =>
  all.filter(({ path }) => chosen.has(path)).reduce((sum, { size }) => sum + size, 0);

test("never above the limit, whatever the order; everything where it fits", () => {
  fc.assert(
    fc.property(files, fc.nat(40_000), fc.nat(20), (all, limit, wanted) => {
      const chosen = selectFiles(all, limit, wanted);
      assert.ok(bytesOf(all, chosen) <= limit);
      assert.deepEqual(selectFiles([...all].reverse(), limit, wanted), chosen);
      if (all.reduce((sum, { size }) => sum + size, 0) <= limit) assert.equal(chosen.size, all.length);
    }),
  );
});

test("the wanted number of files stays if it fits at all", () => {
  fc.assert(
    fc.property(files, fc.nat(40_000), fc.nat(60), (all, limit, wanted) => {
      const smallest = all.map(({ size }) => size).sort((a, b) => a - b);
      const needed = smallest.slice(0, wanted).reduce((sum, size) => sum + size, 0);
      const chosen = selectFiles(all, limit, wanted);
      if (needed <= limit) assert.ok(chosen.size >= Math.min(wanted, all.length));
    }),
  );
});

test("programs and scripts come before the rest", () => {
  const all: Selectable[] = [
    { path: "/program", size: 80, type: "elf64" },
    { path: "/text", size: 70, type: "text" },
  ];
  assert.deepEqual([...selectFiles(all, 100, 0)], ["/program"]);
});
