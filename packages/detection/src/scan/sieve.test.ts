import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MIN_RUN } from "../bundle/string-runs.ts";
import { Sieve } from "./sieve.ts";

/** Few values, so that parts of runs stand everywhere. */
const bytes = (minLength: number, maxLength: number) =>
  fc.array(fc.integer({ min: 0, max: 2 }), { minLength, maxLength }).map((list) => Uint8Array.from(list));
const runs = fc.array(fc.record({ bytes: bytes(MIN_RUN, 30), keyed: fc.boolean() }), {
  minLength: 1,
  maxLength: 6,
});

test("a run is found wherever it stands, under every key where it is keyed", () => {
  fc.assert(
    fc.property(runs, bytes(0, 90), bytes(0, 90), fc.nat(255), fc.nat(5), (all, before, after, key, pick) => {
      const { bytes: run, keyed } = all[pick % all.length]!;
      const used = keyed ? run.map((byte) => byte ^ key) : run;
      assert.ok(new Sieve(all).finds(Buffer.concat([before, used, after])));
    }),
  );
});

test("nothing is found where no part of a run is", () => {
  const sieve = new Sieve([
    { bytes: Buffer.from("the quick brown fox jumps"), keyed: false },
    { bytes: Buffer.from("over the lazy dog today"), keyed: true },
  ]);
  const other = Buffer.from("the quick brown dog and the lazy fox ".repeat(50));
  assert.equal(sieve.finds(other), false);
  for (let length = 0; length < 40; length++) assert.equal(sieve.finds(new Uint8Array(length)), false);
});
