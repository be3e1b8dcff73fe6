/** Samples that are sent to teach a bad rule: each is named or refused, and what stands goes on standing. */
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { loadEngine } from "@thymus/detection";
import { selfOf } from "../worker/corpus.ts";
import { splits } from "./plan.ts";
import { sketchOfSample } from "./sketch/of-sample.ts";
import { built, core, good, texts, variant } from "./testing/variants.ts";
import { World } from "./testing/world.ts";

/** A good program that self does not know. */
const unknownGood = built(texts(700_000, 120), 50);
let world: World;
before(async () => {
  world = await World.open(good);
});
afterEach(() => world.forget());
after(() => world.close());

async function hits(rule: string, bytes: Uint8Array): Promise<boolean> {
  const rules = (await loadEngine()).compile([{ namespace: "test", source: rule }]);
  try {
    return rules.scan(bytes).length > 0;
  } finally {
    rules.close();
  }
}

test("a clean program dressed with a few texts of a family teaches nothing", async () => {
  const first = await world.program(variant(1), "elf64", "machine-a");
  await world.program(variant(2), "elf64", "machine-b");
  for (const [at, submitter] of ["machine-x", "machine-y"].entries()) {
    // All else that it holds stands in self: these texts are all of its own.
    const dressed = built([...texts(900_000, 40), ...core.slice(0, 9 + at)], 60 + at);
    const sent = await world.program(dressed, "elf64", submitter);
    assert.ok(!sent.kinship?.generalised);
    assert.equal(sent.prescription?.replaces, undefined);
  }
  assert.equal(await world.memory.replacedBy(first.prescription!.id), null);
});

test("many that are nearly a good program do not drag the rule to it", async () => {
  const first = await world.program(variant(1), "elf64", "machine-a");
  for (let number = 0; number < 6; number++) {
    const near = built(
      [...texts(700_000, 120), ...texts(800_000 + 100 * number, 8), ...core.slice(0, 16)],
      70 + number,
    );
    const sent = await world.program(near, "elf64", number < 4 ? "machine-x" : "machine-y");
    const { replaces } = sent.prescription ?? {};
    if (!replaces?.includes(first.prescription!.id)) continue;
    // Whatever replaces the honest rule rests on what all share, and that is none of the good program's.
    assert.ok(await hits(sent.prescription!.detect.rule, variant(1)));
    assert.ok(!(await hits(sent.prescription!.detect.rule, unknownGood)));
  }
});

test("a rule that was widened until it hits goodware is refused by the proof, and nothing is replaced", async () => {
  const honest = [
    await world.program(variant(1), "elf64", "a"),
    await world.program(variant(2), "elf64", "b"),
  ];
  // Whatever was learned, it hits every program: what the derivation would never make.
  const { learn } = world.steps;
  world.steps = {
    ...world.steps,
    learn: async (job) => {
      const learned = await learn(job);
      const wide = "rule anything { strings: $a = { 7f 45 4c 46 } condition: $a }";
      return learned.detect ? { ...learned, detect: { ...learned.detect, rule: wide } } : learned;
    },
  };
  const third = await world.program(variant(3), "elf64", "c");
  assert.ok(world.taken.includes("learn"));
  assert.equal(third.general, null);
  assert.ok(
    third.prescription && third.prescription.replaces === undefined,
    "its own rule, as without a family",
  );
  for (const { prescription } of honest) assert.equal(await world.memory.replacedBy(prescription!.id), null);
});

test("duplicates and floods of one submitter take no room", async () => {
  await world.program(variant(1), "elf64", "a");
  const padded = (length: number) => Buffer.concat([variant(1), Buffer.alloc(length)]);
  for (const length of [1, 2, 3]) await world.program(padded(length), "elf64", "x");
  const next = await world.program(variant(2), "elf64", "b");
  assert.equal(next.kinship?.members, 1, "what has the same sketch is no new member");
  for (let number = 10; number < 17; number++) await world.program(variant(number), "elf64", "x");
  const last = await world.program(variant(3), "elf64", "c");
  assert.equal(last.kinship?.members, 2 + 4);
});

test("a sample that is nobody's kin, or good, is no member", async () => {
  await world.program(variant(1), "elf64", "a");
  const stranger = await world.program(built(texts(600_000, 80), 90), "elf64", "x");
  assert.equal(stranger.kinship, null);
  const known = await world.program(built(texts(900_000, 40), 91), "elf64", "x");
  assert.deepEqual([known.kinship, known.record], [null, null], "nothing of it is its own");
});

test("of one submitter two samples are learned from, and somebody else's judges", async () => {
  const self = await selfOf(world.corpusDir);
  const candidate = (number: number, submitter: string | null) => ({
    sha256: String(number).padStart(64, "0") as never,
    submitter,
    sketch: sketchOfSample({ name: "sample", bytes: variant(number), type: "elf64" }, [], self),
  });
  const [a, ...x] = [candidate(1, "a"), ...[2, 3, 4, 5].map((number) => candidate(number, "x"))];
  for (const { learnFrom, heldOut, judges } of splits(x[0]!, [a!, ...x.slice(1)])) {
    assert.ok(learnFrom.filter((id) => id !== a!.sha256).length <= 2);
    assert.equal(learnFrom.length + heldOut.length, 5);
    if (!learnFrom.includes(a!.sha256)) assert.deepEqual(judges, [a!.sha256]);
  }
  assert.deepEqual(splits(a!, [x[0]!]), [], "two are too few");
  const own = splits(
    candidate(1, null),
    [2, 3, 4].map((number) => candidate(number, null)),
  );
  assert.equal(own[0]!.learnFrom.length, 3, "the operator's own are not counted");
});
