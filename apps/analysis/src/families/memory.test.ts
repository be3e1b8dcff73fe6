/** From sample to sample: names, general rules, retirement, and samples that are sent to teach a bad rule. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { loadEngine } from "@thymus/detection";
import { good, variant } from "./testing/variants.ts";
import { World } from "./testing/world.ts";

let world: World;
beforeEach(async () => {
  world = await World.open(good);
});
afterEach(() => world.close());

async function hits(rule: string, bytes: Uint8Array): Promise<boolean> {
  const rules = (await loadEngine()).compile([{ namespace: "test", source: rule }]);
  try {
    return rules.scan(bytes).length > 0;
  } finally {
    rules.close();
  }
}

test("variants are named, then one rule takes the place of theirs, and finds who comes next", async () => {
  const first = await world.program(variant(1), "elf64", "machine-a");
  assert.equal(first.kinship, null);
  const family = first.analysed.family!;
  const second = await world.program(variant(2), "elf64", "machine-b");
  assert.deepEqual([second.analysed.family, second.kinship?.members], [family, 1]);
  assert.equal(second.prescription!.aliases.length, 1, "its own name is kept");
  const third = await world.program(variant(3), "elf64", "machine-c");
  assert.equal(third.kinship!.generalised, true);
  const general = third.prescription!;
  assert.equal(general.family, family);
  assert.deepEqual([...general.replaces!].sort(), [first.prescription!.id, second.prescription!.id].sort());
  assert.deepEqual(general.proof.members, { samples: 3, detected: 3, heldOut: 1, heldOutDetected: 1 });
  assert.equal(general.proof.samples.length, 3);
  for (const number of [4, 5]) assert.ok(await hits(general.detect.rule, variant(number)));
  for (const bytes of good) assert.ok(!(await hits(general.detect.rule, bytes)));
  world.taken.length = 0;
  world.mayAnswerBy = () => true;
  const fourth = await world.program(variant(6), "elf64", "machine-d");
  assert.deepEqual([fourth.kinship?.coveredBy, fourth.answer?.id], [general.id, general.id]);
  assert.ok(!world.taken.includes("prove"), "nothing is learned where the rule finds it");
  assert.equal(await world.memory.replacedBy(first.prescription!.id), general.id);
});
