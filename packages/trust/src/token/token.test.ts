import assert from "node:assert/strict";
import { test } from "node:test";
import { ThymusError } from "@thymus/contracts";
import fc from "fast-check";
import { anyBit, flipBit } from "../testing/flip.ts";
import { decodeToken, encodeToken } from "./token.ts";

const server = Buffer.alloc(32, 7).toString("base64url");
const token = { version: 1 as const, secret: "c2VjcmV0LW9uY2U", server };
/** The format: a token that was printed yesterday must be understood tomorrow. */
const golden =
  "eyJ2ZXJzaW9uIjoxLCJzZWNyZXQiOiJjMlZqY21WMExXOXVZMlUiLCJzZXJ2ZXIiOiJCd2NIQndjSEJ3Y0hCd2NIQndjSEJ3Y0hCd2NIQndjSEJ3Y0hCd2NIQndjIn0";

test("a token has its known text, and comes back", () => {
  assert.equal(encodeToken(token), golden);
  assert.deepEqual(decodeToken(golden), token);
  assert.deepEqual(decodeToken(`  ${golden}\n`), token);
});

test("anything else is refused as a token", () => {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const wrong = [
    "",
    " ",
    "hello",
    `${golden}=`,
    golden.slice(0, -2),
    `${golden}AA`,
    "A".repeat(100_000),
    encode({ ...token, version: 2 }),
    encode({ ...token, more: 1 }),
    encode({ ...token, secret: "" }),
    encode({ ...token, server: "AAAA" }),
    encode(null),
  ];
  for (const text of wrong)
    assert.throws(() => decodeToken(text), { name: "ThymusError", code: "TOKEN_INVALID" });
});

test("a changed token is refused, or is a whole token of other content", () => {
  const bytes = Buffer.from(golden);
  fc.assert(
    fc.property(anyBit(bytes), (place) => {
      try {
        const decoded = decodeToken(Buffer.from(flipBit(bytes, place)).toString("latin1"));
        assert.notDeepEqual(decoded, token);
      } catch (thrown) {
        assert.ok(thrown instanceof ThymusError && thrown.code === "TOKEN_INVALID");
      }
    }),
  );
});
