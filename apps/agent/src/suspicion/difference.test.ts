import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { foreignRegions, holdsRun, runsOf, sharedRuns, signatureOf } from "./difference.ts";

/** Bytes without repetition, by a seed. */
function noise(seed: number, length: number): Buffer {
  const parts = Array.from({ length: Math.ceil(length / 32) }, (_, block) =>
    createHash("sha256").update(`${seed}:${block}`).digest(),
  );
  return Buffer.concat(parts).subarray(0, length);
}

test("an unchanged content has no foreign region longer than a block", () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.integer({ min: 64, max: 40_000 }), (seed, length) => {
      const bytes = noise(seed, length);
      assert.deepEqual(foreignRegions(signatureOf(bytes), bytes), []);
    }),
    { numRuns: 30 },
  );
});

test("inserted bytes are found wherever they are, with at most a block of old bytes on each side", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 200, max: 30_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (length, share) => {
        const clean = noise(1, length);
        const payload = noise(2, 120);
        const at = Math.floor(share * length);
        const changed = Buffer.concat([clean.subarray(0, at), payload, clean.subarray(at)]);
        const signature = signatureOf(clean);
        const block = Buffer.from(signature).readUInt32LE(0);
        const regions = foreignRegions(signature, changed);
        assert.ok(regions.some((region) => Buffer.from(region).includes(payload)));
        const total = regions.reduce((sum, region) => sum + region.length, 0);
        assert.ok(total <= payload.length + 4 * block, `${total} foreign bytes for a block of ${block}`);
      },
    ),
    { numRuns: 30 },
  );
});

test("two files that got the same bytes share a run; two edits of their own do not", () => {
  const payload = noise(9, 100);
  const foreign = (seed: number, added: Buffer) => {
    const clean = noise(seed, 5000);
    return runsOf(
      foreignRegions(signatureOf(clean), Buffer.concat([clean.subarray(0, 777), added, clean.subarray(777)])),
    );
  };
  const a = foreign(11, payload);
  const b = foreign(12, payload);
  assert.ok(sharedRuns(a, b) > 0);
  assert.equal(sharedRuns(a, foreign(13, noise(14, 100))), 0);
  assert.ok(holdsRun(Buffer.concat([noise(15, 3000), payload]), a));
  assert.ok(!holdsRun(noise(16, 3000), a));
});

test("padding is no shared run", () => {
  const blank = [Buffer.alloc(500, 0x20), Buffer.alloc(500)];
  assert.equal(runsOf(blank).size, 0);
});

test("any bytes as signature and content are safe", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 500 }), (signature, bytes) => {
      foreignRegions(signature, bytes);
    }),
  );
});
