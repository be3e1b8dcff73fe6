import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import * as contracts from "./index.ts";

const kinds = {
  case: contracts.CaseId,
  machine: contracts.MachineId,
  rx: contracts.PrescriptionId,
  q: contracts.QuarantineId,
  obs: contracts.ObservationId,
  sus: contracts.SuspicionId,
  exp: contracts.ExperimentId,
  lic: contracts.LicenceId,
  drill: contracts.DrillId,
} as const;
const names = Object.keys(kinds) as (keyof typeof kinds)[];

test("a new id parses as its own kind and as no other", () => {
  for (const kind of names) {
    const id = contracts.newId(kind);
    for (const other of names)
      assert.equal(kinds[other].safeParse(id).success, other === kind, `${id} as ${other}`);
  }
});

test("new ids do not repeat", () => {
  assert.equal(new Set(Array.from({ length: 5000 }, () => contracts.newId("case"))).size, 5000);
});

test("an id is safe as a file name and in a URL, whatever was tried", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      fc.oneof(fc.string(), fc.string({ unit: "binary" })),
      (kind, tail) => {
        const id = `${kind}-${tail}`;
        if (kinds[kind].safeParse(id).success) assert.match(id, /^[a-z]+-[a-z0-9]{1,40}$/);
      },
    ),
  );
  for (const id of [
    "case-",
    "case-A",
    "case-a/b",
    "case-..",
    "case-a\n",
    "xcase-a",
    `case-${"a".repeat(41)}`,
  ])
    assert.equal(contracts.CaseId.safeParse(id).success, false, JSON.stringify(id));
});

test("a family name is safe as a file name", () => {
  for (const name of ["sh.prepend.3f9a1c", "a", "elf64_append-1"]) contracts.Family.parse(name);
  for (const name of ["", ".hidden", "..", "a/b", "A", "a b", "a\n", "a".repeat(65)])
    assert.equal(contracts.Family.safeParse(name).success, false, JSON.stringify(name));
});
