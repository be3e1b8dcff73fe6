/** From sample to sample: names, general rules, retirement, and samples that are sent to teach a bad rule. */
import assert from "node:assert/strict";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { loadEngine } from "@thymus/detection";
import { repairWith } from "@thymus/repair";
import type { Specimen } from "../infection/index.ts";
import { textHosts } from "../infection/testing/hosts.ts";
import { infect } from "../infection/testing/infections.ts";
import { sentence } from "../signature/family/testing/programs.ts";
import { good, variant } from "./testing/variants.ts";
import { World } from "./testing/world.ts";

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

/** Inert blocks before shell scripts: what all have in common, and more that each adds. */
function infected(number: number, round: number): Specimen[] {
  const line = (n: number) => `: '${sentence(n).replace("%s", "x")}'\n`;
  // As many lines as no other variant has, so that each is cut at another length.
  const own = Array.from({ length: 2 + number }, (_, i) => i)
    .map((i) => line(50_000 * number + i))
    .join("");
  const block = `#!/bin/bash\n${own}${line(7)}${line(8)}${line(9)}`;
  return infect(textHosts(["shell"], 8, {}, round), ({ bytes }) =>
    Buffer.concat([Buffer.from(block), bytes]),
  );
}

test("infections of one family get one prescription, which gives back all that theirs did", async () => {
  const bring = (number: number, submitter: string) =>
    world.infector(Buffer.from(`sample ${number}`), infected(number, 0), infected(number, 3), submitter);
  const first = await bring(1, "machine-a");
  assert.ok(first.prescription && first.prescription.repair.length > 0);
  const second = await bring(2, "machine-b");
  assert.equal(second.kinship?.family, first.analysed.family);
  const third = await bring(3, "machine-c");
  const general = third.prescription!;
  assert.equal(general.replaces?.length, 2, JSON.stringify(third.kinship));
  assert.deepEqual(general.proof.members, { samples: 3, detected: 3, heldOut: 1, heldOutDetected: 1 });
  assert.equal(general.proof.decoys.freshRepaired, general.proof.decoys.freshInfected);
  // Hosts that nobody has seen are given back; a variant that nobody has seen is found, and made nothing wrong of.
  for (const { before, after } of [1, 2, 3].flatMap((number) => infected(number, 5))) {
    const outcome = repairWith(general.repair, after, "shell");
    assert.ok("repaired" in outcome && Buffer.from(before).equals(Buffer.from(outcome.repaired)));
  }
  for (const { before, after } of infected(4, 5)) {
    assert.ok(await hits(general.detect.rule, after));
    const outcome = repairWith(general.repair, after, "shell");
    assert.ok("refused" in outcome || Buffer.from(before).equals(Buffer.from(outcome.repaired)));
  }
});

test("a prescription that was recalled, or is not out yet, is replaced by none", async () => {
  const first = await world.program(variant(1), "elf64", "a");
  const second = await world.program(variant(2), "elf64", "b");
  await world.memory.recall([first.prescription!.id]);
  const third = await world.program(variant(3), "elf64", "c");
  assert.deepEqual(third.prescription!.replaces, [second.prescription!.id]);
});

test("what a withdrawn prescription took the place of stands again, and is replaced anew", async () => {
  const first = await world.program(variant(1), "elf64", "a");
  const second = await world.program(variant(2), "elf64", "b");
  const third = await world.program(variant(3), "elf64", "c");
  const general = third.prescription!;
  assert.equal(general.replaces?.length, 2);
  await world.memory.recall([general.id]);
  for (const { prescription } of [first, second])
    assert.equal(await world.memory.replacedBy(prescription!.id), null, "active again");
  // Brought again, as after a kill: nothing retires for what is withdrawn.
  await world.memory.remember(third.folder, third.caseId, general);
  assert.equal(await world.memory.replacedBy(first.prescription!.id), null);
  const fourth = await world.program(variant(4), "elf64", "d");
  assert.deepEqual(
    [...(fourth.prescription!.replaces ?? [])].sort(),
    [first.prescription!.id, second.prescription!.id].sort(),
    "they stand for their samples again",
  );
});

test("evidence of all families has a bound, which those of one sample pay first; orphans are swept", async () => {
  const folder = join(world.root, "families", "evidence");
  const kept = async () => (await readdir(folder)).sort();
  const bringer = Buffer.from("a sample of another family");
  const lonely = await world.infector(bringer, infected(1, 0), infected(1, 3), "a");
  const [one, two] = [
    await world.program(variant(1), "elf64", "a"),
    await world.program(variant(2), "elf64", "b"),
  ];
  const all = [lonely, one, two].map(({ analysed }) => analysed.sample.sha256);
  assert.deepEqual(await kept(), [...all].sort());
  await mkdir(join(folder, "f".repeat(64)));
  await world.reopen();
  assert.deepEqual(await kept(), [...all].sort(), "what no member has is gone");
  const sizes = await Promise.all(all.map((name) => bytesIn(join(folder, name))));
  await world.reopen({ evidenceBytes: sizes.reduce((sum, size) => sum + size, 0) });
  const third = await world.program(variant(3), "elf64", "c");
  assert.equal(third.kinship?.generalised, true);
  assert.deepEqual(await kept(), [all[1]!, all[2]!, third.analysed.sample.sha256].sort());
  await world.reopen();
  assert.equal((await kept()).length, 3);
});

test("a member whose evidence was removed is learned from no more", async () => {
  const first = await world.program(variant(1), "elf64", "a");
  await world.program(variant(2), "elf64", "b");
  await rm(join(world.root, "families", "evidence", first.analysed.sample.sha256), { recursive: true });
  await world.reopen();
  const third = await world.program(variant(3), "elf64", "c");
  assert.deepEqual([third.kinship?.members, third.kinship?.generalised], [2, false]);
});

async function bytesIn(folder: string): Promise<number> {
  const sizes = (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

test("the same sample again keeps its name, and its newest prescription stands for it", async () => {
  const first = await world.program(variant(1), "elf64", null);
  const again = await world.program(variant(1), "elf64", null);
  assert.deepEqual([again.kinship, again.analysed.family], [null, first.analysed.family]);
  assert.equal(await world.memory.replacedBy(first.prescription!.id), again.prescription!.id);
});
