/** Sketches: equal content is equal, near content is near, other content is not; tested on random files. */
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { decodeSketch, encodeSketch, isNear, MAX_SKETCHED, NEAR, similarity, sketchOf } from "./sketch.ts";

const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });
const jaccard = (one: Uint8Array, other: Uint8Array) => {
  const windows = (all: Uint8Array) => {
    const set = new Set<string>();
    for (let at = 0; at + 8 <= all.length; at++)
      set.add(Buffer.from(all.subarray(at, at + 8)).toString("hex"));
    return set;
  };
  const [a, b] = [windows(one), windows(other)];
  let common = 0;
  for (const window of a) if (b.has(window)) common++;
  return common / (a.size + b.size - common);
};
const facts = (content: Uint8Array, type = "elf64") => ({
  type,
  size: content.length,
  sketch: sketchOf(content),
});

test("a file is as similar to itself as can be, and similarity is symmetric", () => {
  fc.assert(
    fc.property(bytes(64, 2000), bytes(64, 2000), (one, other) => {
      const [a, b] = [sketchOf(one)!, sketchOf(other)!];
      assert.equal(similarity(a, a), 1);
      assert.equal(similarity(a, b), similarity(b, a));
      assert.equal(isNear(facts(one), facts(other)), isNear(facts(other), facts(one)));
      assert.ok(isNear(facts(one), facts(one)));
      assert.ok(!isNear(facts(one, "elf64"), facts(one, "elf32")), "never across types");
    }),
    { numRuns: 50 },
  );
});

test("the estimate is near the true share of common windows", () => {
  fc.assert(
    fc.property(bytes(3000, 6000), fc.integer({ min: 0, max: 100 }), fc.nat(), (content, percent, seed) => {
      const changed = Uint8Array.from(content);
      const length = Math.floor((content.length * percent) / 100);
      const start = seed % Math.max(1, content.length - length + 1);
      for (let at = start; at < start + length; at++) changed[at] = (at * 2_654_435_761 + seed) >>> 16;
      const estimate = similarity(sketchOf(content)!, sketchOf(changed)!);
      // Five standard errors of 256 places.
      assert.ok(Math.abs(estimate - jaccard(content, changed)) < 0.16);
    }),
    { numRuns: 40 },
  );
});

test("a few changed bytes keep a file near; another file never is", () => {
  fc.assert(
    fc.property(
      bytes(2000, 6000),
      bytes(2000, 6000),
      fc.array(fc.nat(), { maxLength: 6 }),
      (one, other, places) => {
        const touched = Uint8Array.from(one);
        for (const place of places) touched[place % touched.length]! ^= 0xff;
        assert.ok(isNear(facts(one), facts(touched)));
        if (jaccard(one, other) < NEAR / 2) assert.ok(!isNear(facts(one), facts(other)));
      },
    ),
    { numRuns: 40 },
  );
});

test("what is too small or too large has no sketch and is near to nothing", () => {
  assert.equal(sketchOf(new Uint8Array(63)), null);
  assert.equal(sketchOf(new Uint8Array(MAX_SKETCHED + 1)), null);
  assert.ok(!isNear(facts(new Uint8Array(10)), facts(new Uint8Array(10))));
});

test("a sketch survives its text, and other text is none", () => {
  const sketch = sketchOf(Buffer.from("#!/bin/sh\n".repeat(40)))!;
  assert.deepEqual(decodeSketch(encodeSketch(sketch)), sketch);
  for (const text of ["", "AAAA", "%%%"]) assert.equal(decodeSketch(text), null);
});
