import assert from "node:assert/strict";
import test from "node:test";
import { FileType } from "@thymus/contracts";
import fc from "fast-check";
import { variationsFor } from "./variations.ts";

const day = fc.date({ min: new Date("2024-01-01"), max: new Date("2090-01-01"), noInvalidDate: true });

test("at most three conditions, each named, all different, same for the same seed", () => {
  fc.assert(
    fc.property(fc.constantFrom(...FileType.options), fc.string(), day, (type, seed, now) => {
      const found = variationsFor(type, seed, now.getTime());
      assert.deepEqual(found, variationsFor(type, seed, now.getTime()));
      assert.ok(found.length > 0 && found.length <= 3);
      assert.equal(new Set(found.map(({ label }) => label)).size, found.length);
      for (const { label, clockOffset } of found) {
        assert.ok(label.length > 0 && label.length <= 128, label);
        assert.ok(Number.isInteger(clockOffset) && clockOffset > 0);
      }
    }),
  );
});

test("a Friday 13th more than a year ahead, the first of a year as root, and another weekday", () => {
  fc.assert(
    fc.property(fc.string(), day, (seed, now) => {
      const at = (offset: number) => new Date(now.getTime() + offset * 1000);
      const [friday, root, other] = variationsFor("elf64", seed, now.getTime()).map((one) => ({
        ...one,
        at: at(one.clockOffset),
      }));
      assert.deepEqual([friday!.at.getUTCDay(), friday!.at.getUTCDate()], [5, 13]);
      assert.ok(friday!.clockOffset >= 400 * 86_400 && friday!.args.length === 0 && !friday!.asRoot);
      assert.deepEqual([root!.at.getUTCMonth(), root!.at.getUTCDate(), root!.asRoot], [0, 1, true]);
      assert.notEqual(other!.at.getUTCDay(), now.getUTCDay());
      assert.ok(other!.args.length === 1);
    }),
  );
});
