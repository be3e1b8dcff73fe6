import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pairInfections, type Specimen } from "../../infection/index.ts";
import { fakeSelf, ruleMatches } from "../../infection/testing/fake-self.ts";
import { elfHosts, textHosts } from "../../infection/testing/hosts.ts";
import { type InertInfection, inertInfections } from "../../infection/testing/inert/index.ts";
import { random } from "../../infection/testing/random.ts";
import { type DerivedRule, deriveRule, type NoRule } from "../index.ts";

const goodware = [...elfHosts(5, {}, 7), ...textHosts(["shell", "python", "node"], 8, {}, 7)].map(
  ({ bytes }) => bytes,
);
const self = fakeSelf(goodware);

const hostsOf = ({ types: [type] }: InertInfection, round: number) =>
  type === "elf64" ? elfHosts(9, {}, round) : textHosts([type!], 9, { newline: true }, round);

function specimens(infection: InertInfection, round: number): Specimen[] {
  return hostsOf(infection, round).flatMap(({ path, kind, type, bytes }, i) => {
    const after = infection.infect(bytes, random(round * 1000 + i * 17 + 3));
    return after === null ? [] : [{ path, kind, type, before: bytes, after }];
  });
}

const derive = (seen: readonly Specimen[]): Promise<DerivedRule | NoRule> =>
  deriveRule({
    ...{ analysis: pairInfections(seen), specimens: seen, corpus: self, family: "test.form" },
    sample: { bytes: Buffer.alloc(0), type: "text" },
  });

/** What each must rest on. */
const expected: Record<string, string> = {
  "elf-append-xor1": "xor",
  "elf-cave-xor1": "xor",
  "elf-append-rolling": "xor",
  "elf-append-base64": "base64",
  "elf-append-registers": "code",
  "elf-append-substituted-idle": "code",
  "elf-append-xor4": "differences",
  "elf-prepend-xor4": "differences",
  "elf-append-sliding": "differences",
  "elf-append-add": "distances",
  "script-node-everything": "script",
  "script-perl-everything": "script",
  "script-php-renamed-minified-split": "script",
};

const rules: { rule: string; infected: Uint8Array }[] = [];
for (const infection of inertInfections.filter(({ id }) => id in expected)) {
  test(`finds unseen hosts of ${infection.id} by ${expected[infection.id]}`, async () => {
    const derived = await derive(specimens(infection, 0));
    assert.ok("rule" in derived, JSON.stringify(derived));
    // The small self of these tests takes any odd word of a script for unlikely.
    const rests = derived.forms?.map((form) => (infection.family === "script" ? "script" : form));
    assert.deepEqual(rests, [expected[infection.id]], derived.rule);
    const unseen = specimens(infection, 3);
    for (const { before, after } of unseen) {
      assert.ok(ruleMatches(derived.rule, after), derived.rule);
      assert.ok(!ruleMatches(derived.rule, before), derived.rule);
    }
    assert.ok(!goodware.some((bytes) => ruleMatches(derived.rule, bytes)));
    const rule = derived.rule.replace("thymus_test_form", `number_${rules.length}`);
    rules.push({ rule, infected: unseen[0]!.after });
  });
}

for (const id of [
  "elf-append-full",
  "elf-cave-full",
  "script-shell-noise",
  "script-python-noise",
  "script-php-noise",
]) {
  test(`refuses ${id}: nothing is constant`, async () => {
    const infection = inertInfections.find((each) => each.id === id)!;
    const derived = await derive(specimens(infection, 0));
    assert.ok("gaveUp" in derived && derived.gaveUp.code === "NO_CONSTANT_PART", JSON.stringify(derived));
  });
}

test("programs with constant bytes and scripts without get a rule of both", async () => {
  const [elf, php] = ["elf-append-fixed", "script-php-everything"].map((id) =>
    inertInfections.find((each) => each.id === id),
  ) as [InertInfection, InertInfection];
  const derived = await derive([...specimens(elf, 0), ...specimens(php, 0)]);
  assert.ok("rule" in derived, JSON.stringify(derived));
  for (const { after } of [...specimens(elf, 3), ...specimens(php, 3)])
    assert.ok(ruleMatches(derived.rule, after));
});

test("what holds for some files only is refused, not guessed", async () => {
  const [one, other] = ["elf-append-xor1", "elf-append-full"].map((id) =>
    inertInfections.find((each) => each.id === id),
  ) as [InertInfection, InertInfection];
  const seen = specimens(one, 0).map((specimen, i) =>
    i % 4 === 3 ? { ...specimen, after: other.infect(specimen.before, random(i))! } : specimen,
  );
  assert.ok("gaveUp" in (await derive(seen)));
});

test("YARA 4 finds the same by every rule", { skip: yaraMissing() }, () => {
  const folder = mkdtempSync(join(tmpdir(), "thymus-forms-"));
  try {
    const file = join(folder, "all.yar");
    writeFileSync(file, rules.map(({ rule }) => rule).join("\n"));
    assert.equal(rules.length, Object.keys(expected).length);
    for (const [i, { infected }] of rules.entries()) {
      writeFileSync(join(folder, "infected"), infected);
      const said = execFileSync("yara", [file, join(folder, "infected")], { encoding: "utf8" });
      assert.equal(said.split(" ")[0], `number_${i}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function yaraMissing(): string | false {
  try {
    execFileSync("yara", ["--version"], { stdio: "ignore" });
    return false;
  } catch {
    return "needs yara on this machine";
  }
}
