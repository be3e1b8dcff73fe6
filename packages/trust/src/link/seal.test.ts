import assert from "node:assert/strict";
import { test } from "node:test";
import { ThymusError } from "@thymus/contracts";
import fc from "fast-check";
import { anyBit, flipBit } from "../testing/flip.ts";
import { linkKeysOf, newLinkKeys } from "../testing/parties.ts";
import { openRequest, openResponse, sealRequest, sealResponse } from "./seal.ts";

const keys = newLinkKeys();

test("a request and any number of answers come back, also empty ones", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array(), fc.uint8Array(), async (asked, answered) => {
      const { sealed, exchange } = await sealRequest("request", asked, keys.publicKey);
      const opened = await openRequest("request", sealed, keys);
      assert.deepEqual(Buffer.from(opened.plain), Buffer.from(asked));
      for (let i = 0; i < 2; i++) {
        const answer = openResponse(exchange, sealResponse(opened.exchange, answered));
        assert.deepEqual(Buffer.from(answer), Buffer.from(answered));
      }
    }),
    { numRuns: 20 },
  );
});

/** The format, version 1: what was sealed once must open for ever. */
test("a request that was sealed long ago opens, and its answer too", async () => {
  const golden = {
    request:
      "010710e7de882119e372a4198523407c51e48acf3e153c4029a101863fb8cf6dfe6b203e3c34ebf81f28a6c7e35a52008a85790965040350f33c66a41b71",
    secret: "5cdd8581d41620126ac41de7bc3818325c6cd7715b2a5343cde189f482fc3893",
    enc: "72a4198523407c51e48acf3e153c4029a101863fb8cf6dfe6b203e3c34ebf81f",
    answer:
      "013df0f60ea33b5add7cda32e06e20d72b29652baf99d175707d13e948fbd49067f310d7a129489d2d81f6516a9bd424b726edace6f485ce9c",
  };
  const { plain, exchange } = await openRequest(
    "request",
    Buffer.from(golden.request, "hex"),
    linkKeysOf(Buffer.alloc(32, 9)),
  );
  assert.equal(Buffer.from(plain).toString(), "asked");
  assert.equal(Buffer.from(exchange.secret).toString("hex"), golden.secret);
  assert.equal(Buffer.from(exchange.enc).toString("hex"), golden.enc);
  assert.equal(Buffer.from(openResponse(exchange, Buffer.from(golden.answer, "hex"))).toString(), "answered");
});

test("any changed bit and any cut is refused, of request and answer", async () => {
  const { sealed, exchange } = await sealRequest("request", Buffer.from("asked"), keys.publicKey);
  const answer = sealResponse(exchange, Buffer.from("answered"));
  await fc.assert(
    fc.asyncProperty(anyBit(sealed), async (place) => {
      await assert.rejects(openRequest("request", flipBit(sealed, place), keys), isSealBroken);
      await assert.rejects(openRequest("request", sealed.subarray(0, place >> 3), keys), isSealBroken);
    }),
    { numRuns: 60 },
  );
  fc.assert(
    fc.property(anyBit(answer), (place) => {
      assert.throws(() => openResponse(exchange, flipBit(answer, place)), isSealBroken);
      assert.throws(() => openResponse(exchange, answer.subarray(0, place >> 3)), isSealBroken);
    }),
  );
});

test("a seal opens for its server, purpose and exchange only", async () => {
  const { sealed, exchange } = await sealRequest("request", Buffer.from("asked"), keys.publicKey);
  await assert.rejects(openRequest("request", sealed, newLinkKeys()), /another server/);
  await assert.rejects(openRequest("upload", sealed, keys), isSealBroken);
  const other = await sealRequest("request", Buffer.from("asked"), keys.publicKey);
  assert.throws(() => openResponse(other.exchange, sealResponse(exchange, Buffer.from("x"))), isSealBroken);
});

test("arbitrary bytes are refused, never another exception", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      await assert.rejects(openRequest("request", bytes, keys), isSealBroken);
    }),
  );
});

test("a key that is none is refused", async () => {
  for (const key of ["", "AAAA", "!".repeat(43), Buffer.alloc(33).toString("base64url")]) {
    await assert.rejects(sealRequest("request", Buffer.from("x"), key), { code: "KEY_INVALID" });
  }
});

function isSealBroken(thrown: unknown): boolean {
  assert.ok(thrown instanceof ThymusError, String(thrown));
  assert.equal(thrown.code, "SEAL_BROKEN");
  return true;
}
