import assert from "node:assert/strict";
import { test } from "node:test";
import { Batch } from "./batch.ts";

test("a path waits once with what is known of it, and a full batch refuses new paths only", () => {
  const batch = new Batch(2);
  const writer = { pid: 7, exe: "/bin/w" };
  assert.ok(batch.add("/r", "/r/a", false, writer));
  assert.ok(batch.add("/r", "/r/a", true, null));
  assert.ok(batch.add("/r", "/r/a", false, null));
  assert.ok(batch.add("/s", "/s/b", false, null));
  assert.equal(batch.add("/s", "/s/c", false, null), false);
  assert.ok(batch.add("/s", "/s/b", true, null));
  assert.deepEqual(batch.take(), [
    { root: "/r", changes: [{ path: "/r/a", finished: true, writer }] },
    { root: "/s", changes: [{ path: "/s/b", finished: true, writer: null }] },
  ]);
  assert.equal(batch.size, 0);
});
