import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { Repair } from "@thymus/contracts";
import { repairWith } from "@thymus/repair";
import { pairInfections, type Specimen } from "../../infection/index.ts";
import { textHost } from "../../infection/testing/hosts.ts";
import { type Random, random } from "../../infection/testing/random.ts";
import { inferRepairs } from "../index.ts";

const SEEN = 10;

/** Infects ten hosts and four more with what `change` makes of each; what is inferred from the ten must give all back. */
function givesAllBack(type: "shell" | "perl", change: (text: string, dice: Random) => string): Repair[] {
  const all = Array.from({ length: SEEN + 4 }, (_, i): Specimen => {
    const { bytes } = textHost(type, 900 + i);
    const after = Buffer.from(change(bytes.toString("latin1"), random(30 + i)), "latin1");
    return { path: `/srv/${i}`, kind: "text", type, before: bytes, after, afterType: type };
  });
  const seen = all.slice(0, SEEN);
  const { recipes, why } = inferRepairs(pairInfections(seen), seen);
  assert.equal(why, null);
  for (const recipe of recipes) assert.deepEqual(Repair.parse(JSON.parse(JSON.stringify(recipe))), recipe);
  for (const { before, after } of all) {
    const result = repairWith(recipes, after, type);
    assert.ok("repaired" in result, JSON.stringify(result));
    assert.deepEqual(Buffer.from(result.repaired), Buffer.from(before));
    assert.ok("refused" in repairWith(recipes, before, type));
  }
  return recipes;
}

const words = "amber basin cedar dune ember fjord gravel heron inlet juniper kelp lagoon".split(" ");

test("lines among the host's own, at places that differ", () => {
  const own = [...words.map((word, i) => `${word}_${i}='kept ${4711 * (i + 3)}' #~`), ": #~", ": #~"];
  const [recipe] = givesAllBack("shell", (text, dice) => {
    const lines = text.split("\n");
    for (const line of own) lines.splice(1 + dice.below(lines.length - 1), 0, line);
    return lines.join("\n");
  });
  assert.deepEqual(
    recipe!.steps.map(({ op }) => op),
    ["lines"],
  );
});

test("statements between remarks, of which the first tells how many lines there are", () => {
  const own = words.map((word, i) => `my $${word}_fixed = 'the quiet ${word} ${i * 7919}';`);
  const [recipe] = givesAllBack("perl", (text, dice) => {
    const lines = own.flatMap((line) =>
      dice.pick([[line], [line, `# ${dice.pick(words)} ${dice.pick(words)}`], ["", line], [line, ""]]),
    );
    const at = text.startsWith("#!") ? text.indexOf("\n") + 1 : 0;
    const name = Array.from({ length: 6 }, () => dice.pick([..."abcdefgh"])).join("");
    return `${text.slice(0, at)}my $${name} = ${lines.length};\n${lines.join("\n")}\n${text.slice(at)}`;
  });
  const [step] = recipe!.steps;
  assert.ok(step?.op === "strip" && step.script.counted !== null && "word" in step.script.counted);
});

/** Its last line tells what it was put into, behind a statement: the ends of names, of which the last four were not learned from. */
const told: Readonly<Record<string, readonly string[]>> = {
  "most alike": [...Array(7).fill(".sh"), "", "", ".bash", "", ".bash", ".ksh93", ".sh.old"],
  "all alike": [...Array(SEEN).fill(".sh"), "", ".bash", ".ksh93", ".sh.old"],
};

for (const [name, ends] of Object.entries(told)) {
  test(`a remark beside the last statement that differs from file to file, ${name} in those that were learned from`, () => {
    let turn = 0;
    const own = words.slice(0, 4).map((word, i) => `${word}_kept='the still ${word} ${i * 7919}'`);
    const [recipe, ...more] = givesAllBack("shell", (text) => {
      const at = `${1000 + turn} 2026-11-23 plover-${words[turn % words.length]}${ends[turn++]}`;
      return `${text}\n# put here\nweir=$?\n${own.join("\n")}\n(exit "$weir") # tally ${at}\n`;
    });
    const [step] = recipe!.steps;
    assert.ok(more.length === 0 && step?.op === "strip" && step.script.remarks?.beside === true);
  });
}

test("a script of its own that holds the host compressed, in base64", () => {
  const head = words.map((word, i) => `${word}_fixed='the quiet ${word} ${i * 7919}'\n`).join("");
  const [recipe] = givesAllBack("shell", (text) => {
    const packed = deflateRawSync(Buffer.from(text, "latin1"), { level: 9 });
    return `${head}held="${packed.toString("base64")}"\n`;
  });
  assert.ok(JSON.stringify(recipe!.steps).includes('[{"kind":"base64"},{"kind":"inflate","form":"raw"}]'));
});
