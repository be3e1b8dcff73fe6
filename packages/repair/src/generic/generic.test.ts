import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { fingerprintOf, rebuild } from "./index.ts";

/** Small deterministic generator (mulberry32). */
function bytesOf(seed: number, length: number): Buffer {
  let state = seed >>> 0;
  return Buffer.from(
    Uint8Array.from({ length }, () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(state ^ (state >>> 15), state | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return (t ^ (t >>> 14)) & 255;
    }),
  );
}

/** Bytes that begin as a program, with padding and two kinds of content. */
function host(seed: number, length: number): Buffer {
  const bytes = bytesOf(seed, length);
  const head = Buffer.alloc(64);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  head.writeUInt16LE(3, 16);
  head.writeUInt16LE(62, 18);
  head.writeUInt32LE(1, 20);
  head.writeUInt32LE(0x1000 + ((seed * 37) & 0xfff), 24);
  bytes.set(head.subarray(0, Math.min(64, length)));
  bytes.fill(0, Math.floor(length * 0.4), Math.floor(length * 0.5));
  return bytes;
}

const body = bytesOf(99, 700);
const cat = (...parts: Uint8Array[]) => Buffer.concat(parts);
const xor = (bytes: Uint8Array, key: Uint8Array) => bytes.map((byte, i) => byte ^ key[i % key.length]!);
const entry = (bytes: Buffer, value: number) => {
  const copy = Buffer.from(bytes);
  copy.writeUInt32LE(value, 24);
  return copy;
};

/** Inert changes that keep the host's bytes. */
const keeping: Record<string, (clean: Buffer) => Buffer> = {
  prepended: (clean) => cat(body, clean),
  appended: (clean) => cat(clean, body),
  "put in the middle": (clean) => cat(clean.subarray(0, 1003), body, clean.subarray(1003)),
  "appended, entry point changed": (clean) => cat(entry(clean, 0xc0ffee), body),
  "in three parts of another order": (clean) =>
    cat(clean.subarray(2000), body, clean.subarray(700, 2000), body.subarray(0, 50), clean.subarray(0, 700)),
  "head moved to the end": (clean) => cat(body, clean.subarray(700), clean.subarray(0, 700)),
  "head xored and moved to the end": (clean) =>
    cat(body, clean.subarray(700), xor(clean.subarray(0, 700), Uint8Array.of(0x5a))),
  "head under a key of five bytes": (clean) =>
    cat(body, clean.subarray(700), xor(clean.subarray(0, 700), body.subarray(3, 8))),
  "whole under a key of eight bytes": (clean) => cat(body, xor(clean, body.subarray(0, 8))),
  "whole under a sliding key": (clean) =>
    cat(
      body,
      clean.map((byte, i) => byte ^ (17 + 3 * i)),
    ),
  "whole with a number added": (clean) =>
    cat(
      body,
      clean.map((byte) => byte + 77),
    ),
  "whole turned bit by bit": (clean) =>
    cat(
      body,
      clean.map((byte) => (byte << 3) | (byte >> 5)),
    ),
  "whole reversed": (clean) => cat(body, Uint8Array.from(clean).reverse()),
  "whole as base64 in lines": (clean) =>
    Buffer.from(`#!/bin/sh\nkept='${clean.toString("base64").replace(/(.{76})/g, "$1\n")}'\n`),
  "whole as hex": (clean) => Buffer.from(`#!/bin/sh\nkept=${clean.toString("hex")}\n`),
  "whole deflated": (clean) => cat(body, deflateSync(clean), body),
  "whole gzipped, as base64": (clean) => Buffer.from(`x = "${gzipSync(clean).toString("base64")}"\n`),
  "padding written into": (clean) => {
    const copy = Buffer.from(clean);
    copy.set(body.subarray(0, 200), Math.floor(clean.length * 0.41));
    return copy;
  },
  "seven bytes replaced and kept behind the end": (clean) => {
    const copy = Buffer.from(clean);
    copy.set([0xe9, 1, 2, 3, 4, 5, 6], 1501);
    return cat(copy, body.subarray(0, 90), clean.subarray(1501, 1508), body.subarray(90));
  },
};

for (const [name, change] of Object.entries(keeping)) {
  test(`rebuilds a host of any size: ${name}`, () => {
    for (const [seed, size] of [
      [1, 4000],
      [2, 9001],
    ] as const) {
      const clean = host(seed, size);
      const result = rebuild(fingerprintOf(clean)!, change(clean));
      assert.ok("rebuilt" in result, `${size}: ${JSON.stringify(result)}`);
      assert.deepEqual(Buffer.from(result.rebuilt), clean);
    }
  });
}

test("what was overwritten and is nowhere is refused", () => {
  const clean = host(5, 6000);
  const result = rebuild(fingerprintOf(clean)!, cat(body, clean.subarray(body.length)));
  assert.ok("refused" in result);
  assert.match(result.refused, /of the clean file.s 6000 bytes lie in blocks that nothing/);
});

test("two files of any content: the clean one, bit for bit, or a refusal", () => {
  const part = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(part, part, part, part, (a, b, c, d) => {
      const clean = cat(a, b, c);
      const made = fingerprintOf(clean);
      if (made === null) return;
      for (const infected of [cat(a, d, b, c), cat(d, c, b, a), cat(a, d, c), cat(b, d)]) {
        const result = rebuild(made, infected);
        if ("rebuilt" in result) assert.deepEqual(Buffer.from(result.rebuilt), clean);
      }
      const inserted = rebuild(made, cat(a, d, b, c));
      assert.ok("rebuilt" in inserted || clean.length < 8 || b.length + c.length > 0);
    }),
    { numRuns: 10 },
  );
});

test("a fingerprint takes 2 KiB, or 1 % of a larger file; a damaged one is refused", () => {
  for (const size of [1, 63, 64, 1024, 1025, 8192, 20_000, 131_072, 131_073, 210_000, 3_000_000]) {
    const made = fingerprintOf(Buffer.alloc(size, 7))!;
    assert.ok(made.length <= Math.max(2048, size / 100), `${size}: ${made.length}`);
    const result = rebuild(made, Buffer.alloc(size, 7));
    assert.ok("rebuilt" in result && result.rebuilt.length === size);
    assert.ok("refused" in rebuild(made.subarray(1), Buffer.alloc(size, 7)));
  }
  assert.equal(fingerprintOf(Buffer.alloc(0)), null);
});
