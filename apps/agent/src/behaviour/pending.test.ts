import assert from "node:assert/strict";
import { test } from "node:test";
import { Pending } from "./pending.ts";

test("what is done is not kept, what goes on is waited for", async () => {
  const pending = new Pending();
  const waiting = Promise.withResolvers<void>();
  for (let at = 0; at < 1000; at++) pending.add(Promise.resolve(at));
  pending.add(waiting.promise);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(pending.size, 1);
  const idle = pending.idle();
  waiting.resolve();
  await idle;
  assert.equal(pending.size, 0);
});
