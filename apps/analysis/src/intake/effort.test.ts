import assert from "node:assert/strict";
import { test } from "node:test";
import { effortFor } from "./effort.ts";

test("a sample alone gets all; the more wait, the less each gets, and never nothing", () => {
  assert.deepEqual(effortFor(1, 2, 2), { parallel: 2, variations: 3 });
  assert.deepEqual(effortFor(2, 2, 2), { parallel: 1, variations: 3 });
  assert.deepEqual(effortFor(5, 2, 2), { parallel: 1, variations: 1 });
  assert.deepEqual(effortFor(1000, 2, 2), { parallel: 1, variations: 0 });
  assert.equal(effortFor(1, 64, 4).parallel, 4);
});
