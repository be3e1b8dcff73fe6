import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { packedLike, packNrv } from "../testing/pack.ts";
import { unpackNrv } from "./nrv.ts";
import { unpackUpx } from "./upx.ts";

const TEXT = Buffer.from("a program's text, a program's text, and something else at its end");

for (const method of ["nrv2b", "nrv2d", "nrv2e"] as const) {
  test(`${method} comes out byte for byte, or not at all`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
        const packed = packNrv(bytes, method);
        assert.deepEqual(unpackNrv(packed, bytes.length, method), bytes);
        assert.equal(unpackNrv(packed, bytes.length + 1, method), null);
        assert.equal(unpackNrv(packed.subarray(0, -1), bytes.length, method), null);
      }),
      { numRuns: 50 },
    );
  });
}

test("a stream with a copy of what came before", () => {
  // By hand after UCL's n2e_d.c: literal "a", then offset 1 (first use of the paired code), length 4, and the end mark.
  const packed = packNrv(Buffer.from("aaaaa"), "nrv2e", { copyAfter: 1 });
  assert.equal(Buffer.from(unpackNrv(packed, 5, "nrv2e")!).toString(), "aaaaa");
});

test("a packed program is opened; of one with an unknown method nothing is guessed", () => {
  const blocks = [Buffer.alloc(120, 7), TEXT, Buffer.alloc(90, 1)];
  const packed = packedLike(blocks);
  assert.equal(Buffer.from(unpackUpx(packed)!).includes(TEXT), true);
  const sizeAt = packed.indexOf(TEXT) - 8;
  packed.writeUInt32LE(TEXT.length - 1, sizeAt);
  packed[sizeAt + 4] = 99;
  assert.equal(unpackUpx(packed), null);
});

test("never throws, whatever the bytes are", () => {
  const whole = packedLike([Buffer.alloc(120, 7), TEXT]);
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, value, end) => {
      const bytes = Buffer.from(whole.subarray(0, end));
      if (at < bytes.length) bytes[at] = value;
      unpackUpx(bytes);
    }),
    { numRuns: 500 },
  );
});
