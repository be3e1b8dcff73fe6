import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { budgetSpent, burnRate } from "./burn-rate.ts";

const near = (actual: number, expected: number) =>
  assert.ok(
    Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected)),
    `${actual} is not ${expected}`,
  );

test("the alerts of the SRE workbook for 99.9 % over 30 days", () => {
  const month = 30 * 24;
  near(budgetSpent(14.4, 1, month), 0.02);
  near(budgetSpent(6, 6, month), 0.05);
  near(budgetSpent(1, 72, month), 0.1);
  near(burnRate(144, 10_000, 0.999), 14.4);
});

test("no traffic and no failure burn nothing; failing always burns 1 / budget", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e9 }),
      fc.double({ min: 0.01, max: 0.9999, noNaN: true }),
      (total, objective) => {
        assert.equal(burnRate(0, 0, objective), 0);
        assert.equal(burnRate(0, total, objective), 0);
        near(burnRate(total, total, objective), 1 / (1 - objective));
      },
    ),
  );
});

test("is linear in the failures", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.integer({ min: 1, max: 50 }),
      fc.double({ min: 0.01, max: 0.9999, noNaN: true }),
      (bad, times, objective) => {
        const total = bad * times * 2;
        near(burnRate(bad * times, total, objective), times * burnRate(bad, total, objective));
      },
    ),
  );
});

test("refuses what is no count, no objective, no duration", () => {
  assert.throws(() => burnRate(2, 1, 0.9), RangeError);
  assert.throws(() => burnRate(-1, 1, 0.9), RangeError);
  assert.throws(() => burnRate(0.5, 1, 0.9), RangeError);
  assert.throws(() => burnRate(0, Number.NaN, 0.9), RangeError);
  for (const objective of [0, 1, 1.5, -0.1, Number.NaN])
    assert.throws(() => burnRate(0, 1, objective), RangeError);
  assert.throws(() => budgetSpent(1, 1, 0), RangeError);
  assert.throws(() => budgetSpent(-1, 1, 1), RangeError);
  assert.throws(() => budgetSpent(1, Number.POSITIVE_INFINITY, 1), RangeError);
});
