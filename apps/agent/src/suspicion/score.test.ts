import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { combine } from "./score.ts";

const weights = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 });

test("a score lies between its strongest reason and 1, and more reasons never lower it", () => {
  fc.assert(
    fc.property(weights, fc.double({ min: 0, max: 1, noNaN: true }), (reasons, more) => {
      const score = combine(reasons);
      assert.ok(score >= 0 && score <= 1);
      assert.ok(score >= Math.max(0, ...reasons) - 1e-12);
      assert.ok(combine([...reasons, more]) >= score - 1e-12);
    }),
  );
});

test("the order of reasons does not matter", () => {
  fc.assert(
    fc.property(weights, (reasons) => assert.equal(combine([...reasons].reverse()), combine(reasons))),
  );
});

test("known values", () => {
  assert.equal(combine([]), 0);
  assert.equal(combine([0.3]), 0.30000000000000004);
  assert.equal(combine([0.5, 0.5]), 0.75);
  assert.equal(combine([1, 0.2]), 1);
});
