import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { MAX_RULE_BYTES } from "@thymus/contracts";
import { loadEngine } from "@thymus/detection";
import { fakeSelf } from "../../infection/testing/fake-self.ts";
import { random } from "../../infection/testing/random.ts";
import type { NoRule } from "../derive.ts";
import { packedLike } from "../features/testing/pack.ts";
import type { Self } from "../self.ts";
import { type DerivedFamily, deriveFamilyRule, type FamilySample } from "./index.ts";
import { indexedSelf } from "./testing/indexed-self.ts";
import { build, familyTexts, program, sampleOf, sentence } from "./testing/programs.ts";

const engine = await loadEngine();
const GOOD = [50, 51, 52].flatMap((family) => [build(family, 1), build(family, 2)]);
const self = indexedSelf(GOOD.map(({ bytes }) => bytes));

const derive = (samples: FamilySample[], known: Self = self) =>
  deriveFamilyRule({ samples, self: known, family: "test.family" });

function found(derived: DerivedFamily | NoRule): DerivedFamily {
  assert.ok("rule" in derived, JSON.stringify(derived));
  assert.ok(Buffer.byteLength(derived.rule) <= MAX_RULE_BYTES);
  return derived;
}

function hits({ rule }: DerivedFamily, samples: readonly FamilySample[]): number {
  const compiled = engine.compile([{ namespace: "test", source: rule }]);
  try {
    return samples.filter(({ bytes }) => compiled.scan(bytes).length > 0).length;
  } finally {
    compiled.close();
  }
}

test("finds versions and processors that it never saw, and nothing of self or other families", async () => {
  const derived = found(await derive([1, 2, 3, 4].map((version) => build(1, version))));
  const unseen = [
    build(1, 5),
    build(1, 5, { architecture: "i386", seed: 77 }),
    build(1, 3, { architecture: "arm64", seed: 78 }),
  ];
  assert.equal(hits(derived, unseen), unseen.length, derived.rule);
  assert.equal(hits(derived, [...GOOD, build(2, 1), build(3, 4)]), 0);
  assert.deepEqual(derived.members, [0, 1, 2, 3]);
  assert.deepEqual(derived.scope, ["elf32", "elf64"]);
  assert.equal(derived.reach, "variants");
  assert.ok(Buffer.byteLength(derived.rule) < 1200);
});

test("one sample alone gives a rule as well", async () => {
  const derived = found(await derive([build(1, 2)]));
  assert.equal(hits(derived, [build(1, 1), build(1, 3)]), 2);
  assert.equal(hits(derived, GOOD), 0);
});

test("no rule rests on a text that a list of what is known to be good names", async () => {
  const { rule } = found(await derive([1, 2, 3].map((version) => build(1, version))));
  const listed = /\$a0 = "([^"\n]{16,})"/.exec(rule)![1]!;
  const warned = (text: string) => (text.includes(listed) ? "list" : null);
  const derived = found(
    await derive(
      [1, 2, 3].map((version) => build(1, version)),
      { ...self, warned },
    ),
  );
  assert.ok(!derived.rule.includes(listed));
});

test("a self without an index is scanned, and what it holds is never in the rule", async () => {
  const library = familyTexts(7, 0, 20);
  const scanned = fakeSelf([...GOOD.map(({ bytes }) => bytes), program({ texts: library, seed: 9 })]);
  const derived = found(await derive([build(1, 1, { library }), build(1, 2, { library })], scanned));
  assert.ok(scanned.scans > 0);
  assert.equal(hits(derived, [build(8, 1, { library })]), 0);
});

test("a mislabelled sample is named and left out", async () => {
  const samples = [build(1, 1), build(1, 2), build(2, 1), build(1, 3), build(1, 4)];
  const derived = found(await derive(samples));
  assert.deepEqual(derived.outliers, [2]);
  assert.equal(hits(derived, [build(1, 5)]), 1);
  assert.equal(hits(derived, [build(2, 1), build(2, 2)]), 0);
});

test("two families give a rule of two parts, neither of which rests on what both share with goodware", async () => {
  const samples = [1, 2, 3].flatMap((version) => [build(1, version), build(2, version)]);
  const derived = found(await derive(samples));
  assert.deepEqual(derived.outliers, []);
  assert.equal(hits(derived, [build(1, 4), build(2, 4)]), 2);
  assert.equal(hits(derived, [...GOOD, build(3, 1)]), 0);
});

test("the same file sent many times is one witness", async () => {
  const copies = Array.from({ length: 6 }, () => build(2, 1));
  const derived = found(await derive([...copies, build(1, 1), build(1, 2), build(1, 3)]));
  assert.deepEqual(derived.members, [6, 7, 8]);
  assert.equal(hits(derived, [build(2, 1)]), 0);
});

test("a file that holds parts of two families does not join them", async () => {
  const both = build(1, 2, { library: familyTexts(2, 1) });
  const derived = found(await derive([build(1, 1), build(1, 3), both, build(1, 4)]));
  assert.equal(hits(derived, [build(2, 1)]), 0);
  assert.equal(hits(derived, [build(1, 5)]), 1);
});

test("a few pieces of malware among goodware teach nothing", async () => {
  assert.ok("gaveUp" in (await derive([...GOOD.slice(0, 4), build(1, 1)])));
});

test("the same malware in different programs that self does not know: the common part decides", async () => {
  const malware = familyTexts(9, 1, 30);
  const derived = found(await derive([1, 2, 3].map((family) => build(family, 1, { library: malware }))));
  assert.equal(hits(derived, [build(4, 1, { library: malware })]), 1);
  assert.equal(hits(derived, [build(1, 1), build(2, 1), build(3, 2), build(4, 1)]), 0);
});

test("a good program unknown to self that is sent twice among six is named, not learned", async () => {
  const samples = [build(2, 1), build(2, 2), ...[1, 2, 3, 4, 5, 6].map((version) => build(1, version))];
  const derived = found(await derive(samples));
  assert.deepEqual(derived.outliers, [0, 1]);
  assert.equal(hits(derived, [build(2, 1), build(2, 2)]), 0);
});

test("a program that holds the same library behind its own part is not found", async () => {
  const library = familyTexts(7, 0, 300);
  const derived = found(await derive([1, 2, 3].map((version) => build(1, version, { library }))));
  assert.equal(hits(derived, [build(4, 1, { library }), sampleOf(program({ texts: library, seed: 3 }))]), 0);
  assert.equal(hits(derived, [build(1, 4, { library })]), 1);
});

const packed = (seed: number) =>
  sampleOf(
    program({
      texts: ["$Info: this file is packed with a packer of its own $"],
      seed: 5,
      payload: random(seed).bytes(60_000),
    }),
  );

const refused: [string, () => FamilySample[]][] = [
  ["nothing", () => []],
  ["empty files", () => [sampleOf(Buffer.alloc(0)), sampleOf(Buffer.alloc(0))]],
  ["zeros", () => [sampleOf(Buffer.alloc(50_000)), sampleOf(Buffer.alloc(60_000))]],
  ["random bytes", () => [sampleOf(random(1).bytes(50_000))]],
  ["encrypted blobs", () => [1, 2, 3].map((seed) => sampleOf(random(seed).bytes(50_000)))],
  ["goodware", () => GOOD.slice(0, 2)],
  ["one good program", () => GOOD.slice(0, 1)],
  ["programs without anything in common", () => [1, 2, 3, 4].map((family) => build(family, 1))],
  [
    "programs that share only what goodware holds",
    () => [1, 2, 3].map((family) => build(family, 1, { library: familyTexts(50, 1) })),
  ],
  [
    "programs that share only what compilers leave",
    () =>
      [1, 2, 3].map((family) =>
        build(family, 1, {
          library: [
            "GCC: (Debian 14.2.0-19) 14.2.0",
            "terminate called without an active exception",
            "basic_string::_M_construct null not valid",
            "/rustc/90b35a6239c3d8bdabc530a6a0816f7ff89a0aaf/library/core/src/fmt/mod.rs",
            "runtime.goexit.abi0.internal.trampoline",
            "../sysdeps/unix/sysv/linux/getpagesize.c",
          ],
        }),
      ),
  ],
  ["packed programs that share the packer", () => [1, 2, 3].map(packed)],
];
for (const [what, samples] of refused) {
  test(`refuses ${what}`, async () => {
    const derived = await derive(samples());
    assert.ok("gaveUp" in derived, JSON.stringify(derived));
    assert.match(derived.gaveUp.code, /^NO_(CONSTANT_PART|SOUND_RULE)$/);
    assert.ok(derived.gaveUp.why.length > 10);
  });
}

test("one packed program is known again, and no other of the same packer", async () => {
  const derived = found(await derive([packed(1)]));
  assert.equal(derived.reach, "builds");
  assert.equal(hits(derived, [packed(1)]), 1);
  assert.equal(hits(derived, [packed(2), packed(3)]), 0);
  assert.doesNotMatch(derived.rule, /packe/);
});

test("packed programs that can be opened are known by these builds, and unpacked ones by what is inside", async () => {
  const closed = (version: number) =>
    sampleOf(
      packedLike([
        Buffer.alloc(120, 7),
        Buffer.from(familyTexts(1, version).join("\0")),
        random(version + 900).bytes(60_000),
      ]),
    );
  const derived = found(await derive([closed(1), closed(2), closed(3)]));
  assert.deepEqual(derived.members, [0, 1, 2]);
  assert.equal(hits(derived, [closed(1), closed(2), closed(3), build(1, 4)]), 4);
  assert.equal(hits(derived, [packed(1), packed(2), build(2, 1)]), 0);
});

test("compressed data inside a program does not make it a packed one", async () => {
  const payload = deflateRawSync(Buffer.from(Array.from({ length: 500 }, (_, i) => sentence(i)).join("\n")));
  const texts = familyTexts(1, 1, 300);
  const bytes = program({ texts, seed: 4, payload, codeBytes: 60_000 });
  assert.equal(found(await derive([sampleOf(bytes)])).reach, "variants");
});
