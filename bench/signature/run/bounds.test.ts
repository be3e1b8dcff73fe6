import assert from "node:assert/strict";
import { test } from "node:test";
import { lowerBound, upperBound } from "./bounds.ts";

const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-4, `${a} is not ${b}`);

test("confidence bounds are those of the tables", () => {
  near(upperBound(0, 300_000), 1 - 0.05 ** (1 / 300_000));
  near(upperBound(0, 10), 0.2589);
  near(upperBound(1, 10), 0.3942);
  near(upperBound(5, 50), 0.1988);
  near(lowerBound(19, 19), 0.05 ** (1 / 19));
  assert.equal(upperBound(3, 3), 1);
  assert.equal(upperBound(0, 0), 1);
});
