import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { wilsonLowerBound } from "./wilson.ts";

/** Successes and trials with successes <= trials. */
const counts = fc
  .integer({ min: 1, max: 10_000 })
  .chain((trials) => fc.tuple(fc.integer({ min: 0, max: trials }), fc.constant(trials)));

test("agrees with published values of the interval", () => {
  // Newcombe 1998, table I, method 3 (score interval without continuity correction), lower limits.
  for (const [successes, trials, expected] of [
    [81, 263, 0.2553],
    [15, 148, 0.0624],
    [0, 20, 0],
    [1, 29, 0.0061],
  ] as const)
    assert.equal(wilsonLowerBound(successes, trials).toFixed(4), expected.toFixed(4));
});

test("few trials claim little", () => {
  assert.equal(wilsonLowerBound(3, 3).toFixed(2), "0.44");
  assert.equal(wilsonLowerBound(30, 30).toFixed(2), "0.89");
  assert.equal(wilsonLowerBound(0, 0), 0);
});

test("lies between zero and the plain rate", () => {
  fc.assert(
    fc.property(counts, ([successes, trials]) => {
      const bound = wilsonLowerBound(successes, trials);
      assert.ok(bound >= 0 && bound <= successes / trials + 1e-12);
    }),
  );
});

test("solves the equation that defines it: the rate lies z standard errors above the bound", () => {
  fc.assert(
    fc.property(counts, fc.double({ min: 0.5, max: 4, noNaN: true }), ([successes, trials], z) => {
      fc.pre(successes > 0);
      const bound = wilsonLowerBound(successes, trials, z);
      const distance = successes / trials - bound;
      const standardError = Math.sqrt((bound * (1 - bound)) / trials);
      assert.ok(Math.abs(distance - z * standardError) < 1e-9);
    }),
  );
});

test("one more success never lowers it, nor does less confidence", () => {
  fc.assert(
    fc.property(counts, ([successes, trials]) => {
      const bound = wilsonLowerBound(successes, trials);
      assert.ok(wilsonLowerBound(successes + 1, trials + 1) >= bound - 1e-12);
      assert.ok(wilsonLowerBound(successes, trials, 1) >= bound - 1e-12);
    }),
  );
});

test("refuses what is not a count", () => {
  for (const [successes, trials, z] of [
    [-1, 2, 1],
    [3, 2, 1],
    [0.5, 2, 1],
    [0, Number.NaN, 1],
    [0, -1, 1],
    [1, 2, 0],
    [1, 2, Number.POSITIVE_INFINITY],
  ] as const)
    assert.throws(() => wilsonLowerBound(successes, trials, z), RangeError);
});
