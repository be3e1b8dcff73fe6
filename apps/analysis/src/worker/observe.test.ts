import assert from "node:assert/strict";
import { test } from "node:test";
import { variedSeconds } from "./observe.ts";

test("further runs take no more than what is left of the budget, or are left out", () => {
  assert.equal(variedSeconds(200, 3, 2), 20);
  assert.equal(variedSeconds(35, 2, 2), 20);
  assert.equal(variedSeconds(35, 3, 2), 10);
  assert.equal(variedSeconds(28, 3, 2), null);
  assert.equal(variedSeconds(200, 0, 2), null);
});
