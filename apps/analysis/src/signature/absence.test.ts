import assert from "node:assert/strict";
import { test } from "node:test";
import { pairInfections, type Specimen } from "../infection/index.ts";
import { fakeSelf } from "../infection/testing/fake-self.ts";
import { elfHosts } from "../infection/testing/hosts.ts";
import { inertInfections } from "../infection/testing/inert/index.ts";
import { infect } from "../infection/testing/infections.ts";
import { random } from "../infection/testing/random.ts";
import { provenAbsent, runsOfHex } from "./absence.ts";
import { deriveRule } from "./index.ts";
import type { Self } from "./self.ts";

const hexOf = (runs: Uint8Array[][]) =>
  runs.map((forms) => forms.map((form) => Buffer.from(form).toString("hex")));

test("a hex string's runs end at wild cards and jumps, and take every form of what has several", () => {
  const long = "00112233445566778899AABB";
  assert.deepEqual(hexOf(runsOfHex(`${long}??${long}CC[2-4]AABB`)), [
    [long.toLowerCase()],
    [`${long}CC`.toLowerCase()],
  ]);
  assert.deepEqual(hexOf(runsOfHex(`${long}(01|0203)FF`)), [[`${long}01ff`, `${long}0203ff`].map(lower)]);
  assert.deepEqual(hexOf(runsOfHex(`${long}(01|0?)`)), [[long.toLowerCase()]]);
  // Too many forms for one run.
  assert.equal(runsOfHex(long + "(01|02)".repeat(7)).length, 1);
});

test("of a hex string with anything else in it no run is told, and none runs over half a byte", () => {
  const long = "00112233445566778899AABB";
  assert.deepEqual(hexOf(runsOfHex(`${long}4?41`)), [[lower(long)]]);
  assert.deepEqual(hexOf(runsOfHex(`${long}?441${long}`)), [[lower(long)], [`41${lower(long)}`]]);
  assert.deepEqual(hexOf(runsOfHex(`${long} 41 [2] ${long}`)), [[`${lower(long)}41`], [lower(long)]]);
  assert.deepEqual(hexOf(runsOfHex(`${long}(1|2)41`)), [[lower(long)]]);
  for (const other of ["~41", "4", "(41(42|43)44)", "/* 41 */", "\n41"])
    assert.deepEqual(runsOfHex(`${long}${other}${long}`), [], other);
});

const lower = (text: string) => text.toLowerCase();

test("absent is what lacks one run in all of its forms", () => {
  const known = Buffer.from("what everybody has, and more of it");
  const self = indexed([known]);
  const other = Buffer.from("what nobody has written before");
  assert.ok(provenAbsent({ runs: [[known], [other]] }, self));
  assert.ok(!provenAbsent({ runs: [[known, other]] }, self));
  assert.ok(!provenAbsent({ runs: [] }, self));
  assert.ok(!provenAbsent({ bytes: other.subarray(0, 8) }, self));
  assert.ok(!provenAbsent({ bytes: other }, fakeSelf([known])));
});

test("what the index tells is not looked for by a scan, whatever the form", async () => {
  const goodware = elfHosts(1, {}, 7).map(({ bytes }) => bytes);
  for (const id of ["elf-append-fixed", "elf-append-xor1"]) {
    const infection = inertInfections.find((each) => each.id === id)!;
    const specimens: Specimen[] = infect(elfHosts(9), ({ bytes }, i) =>
      Buffer.from(infection.infect(bytes, random(i * 17 + 3))!),
    );
    const self = indexed(goodware);
    const derived = await deriveRule({
      ...{ analysis: pairInfections(specimens), specimens, corpus: self, family: "test.indexed" },
      sample: { bytes: Buffer.alloc(0), type: "text" },
    });
    assert.ok("rule" in derived, id);
    assert.equal(derived.scanned.files, 0, id);
  }
});

test("only files of the types in which the rule counts are scanned", async () => {
  const infection = inertInfections.find(({ id }) => id === "elf-append-registers")!;
  const specimens = infect(elfHosts(9), ({ bytes }, i) =>
    Buffer.from(infection.infect(bytes, random(i * 17 + 3))!),
  );
  const scopes = new Set<string>();
  const plain = fakeSelf(elfHosts(5, {}, 7).map(({ bytes }) => bytes));
  const self: Self = {
    logProbability: (bytes) => plain.logProbability(bytes),
    scan(sources, options) {
      scopes.add([...(options?.scope ?? ["all"])].join());
      return plain.scan(sources);
    },
  };
  await deriveRule({
    ...{ analysis: pairInfections(specimens), specimens, corpus: self, family: "test.scope" },
    sample: { bytes: specimens[0]!.after, type: "elf64" },
  });
  assert.deepEqual([...scopes], ["elf64"]);
});

/** Self with an exact index. */
function indexed(goodware: readonly Uint8Array[]): Self {
  const plain = fakeSelf(goodware);
  return {
    logProbability: (bytes) => plain.logProbability(bytes),
    absent: (bytes) => !goodware.some((good) => Buffer.from(good).includes(Buffer.from(bytes))),
    scan: (sources) => plain.scan(sources),
  };
}
