import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { asThymusError, errorCodes, errorTable, ThymusError } from "./errors.ts";

test("the table is closed and consistent", () => {
  assert.equal(new Set(errorCodes).size, errorCodes.length);
  assert.deepEqual(errorCodes, Object.keys(errorTable));
  for (const [code, { exit, http }] of Object.entries(errorTable)) {
    assert.match(code, /^[A-Z]+(_[A-Z]+)*$/);
    assert.ok([2, 3].includes(exit), `${code}: an error ends a command with 2, or 3 where it gave up`);
    assert.ok(http === 200 || (http >= 400 && http <= 599), `${code}: HTTP status ${http}`);
  }
});

test("an error is one line, whatever its message holds", () => {
  fc.assert(
    fc.property(fc.constantFrom(...errorCodes), fc.string(), fc.string(), (code, message, hint) => {
      const line = new ThymusError(code, `a\n ${message}\r\nb`, hint).toLine();
      assert.ok(line.startsWith(`thymus: ${code}: a`));
      assert.doesNotMatch(line, /\n/);
    }),
  );
});

test("an error as JSON has code, message, hint and nothing else", () => {
  const error = new ThymusError("NOT_FOUND", "there is no case-1", "list the cases", {
    cause: new Error("secret"),
  });
  assert.deepEqual(JSON.parse(JSON.stringify(error)), {
    error: { code: "NOT_FOUND", message: "there is no case-1", hint: "list the cases" },
  });
});

test("anything thrown becomes an error of ours; ours stays the same", () => {
  const ours = new ThymusError("EMPTY", "a", "b");
  assert.equal(asThymusError(ours), ours);
  for (const thrown of [new Error("x"), new Error(""), "text", undefined, null, 7, {}]) {
    const wrapped = asThymusError(thrown);
    assert.equal(wrapped.code, "INTERNAL");
    assert.equal(wrapped.cause, thrown);
    assert.ok(wrapped.message.length > 0);
  }
});
