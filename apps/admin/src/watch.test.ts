import assert from "node:assert/strict";
import { test } from "node:test";
import { clockJumps } from "./watch.ts";

test("a clock that was set forward or a machine that slept is noticed once; slow looks and small steps are not", () => {
  let [wall, steady] = [1_000_000, 0];
  const pass = (real: number, shown = real) => {
    wall += shown;
    steady += real;
  };
  const jumped = clockJumps(
    () => wall,
    () => steady,
  );
  pass(60_000);
  assert.equal(jumped(), false);
  pass(1000, 3000);
  assert.equal(jumped(), false);
  pass(1000, 3_600_000);
  assert.equal(jumped(), true);
  pass(1000);
  assert.equal(jumped(), false);
  pass(1000, -3_600_000);
  assert.equal(jumped(), false);
});
