import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { prefixesOf, weakOf } from "./rolling.ts";

test("the checksum of any part is the one that it is defined by, whatever its length and place", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), fc.nat(70), fc.nat(70), (bytes, a, b) => {
      const [start, end] = [Math.min(a, b, bytes.length), Math.min(Math.max(a, b), bytes.length)];
      assert.equal(weakOf(bytes, start, end), prefixesOf(bytes.subarray(start, end)).at(-1));
    }),
  );
});
