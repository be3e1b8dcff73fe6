import assert from "node:assert/strict";
import { test } from "node:test";
import { formsOf, instructionsOf } from "./instructions.ts";

const bytes = (hex: string) => Buffer.from(hex, "hex");

test("both encodings of a copy between registers have the same forms", () => {
  assert.deepEqual(formsOf(bytes("4889d8")), ["4889D8", "488BC3"]);
  assert.deepEqual(formsOf(bytes("488bc3")), ["4889D8", "488BC3"]);
  // mov r8, rax: the register of the prefix changes its bit with its place.
  assert.deepEqual(formsOf(bytes("4989c0")), ["4989C0", "4C8BC0"]);
  assert.deepEqual(formsOf(bytes("4c8bc0")), ["4989C0", "4C8BC0"]);
  assert.deepEqual(formsOf(bytes("89d8")), ["89D8", "8BC3"]);
});

test("clearing a register has four forms, other instructions only their own", () => {
  const clears = ["31C0", "33C0", "29C0", "2BC0"].map((hex) => formsOf(bytes(hex)));
  for (const forms of clears) assert.deepEqual(forms, ["29C0", "2BC0", "31C0", "33C0"]);
  for (const own of ["E811223344", "8B00", "C3", "48C7C078563412"])
    assert.deepEqual(formsOf(bytes(own)), [own]);
});

test("idle instructions are counted, operands are told", () => {
  const [copy, call] = instructionsOf(bytes("90669089d80f1f00e811223344c3"), 64);
  assert.equal(copy!.idleBefore, 3);
  assert.equal(call!.idleBefore, 3);
  assert.deepEqual(
    call!.operands.map(({ at, length }) => [at, length]),
    [[1, 4]],
  );
});
