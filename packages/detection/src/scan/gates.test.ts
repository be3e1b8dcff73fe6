import assert from "node:assert/strict";
import { test } from "node:test";
import type { BundleRule } from "../bundle/bundle.ts";
import type { RuleEngine } from "../engine/engine.ts";
import { loadEngine } from "../engine/load.ts";
import { Gates } from "./gates.ts";

const own = (name: string, text: string) =>
  `rule ${name} {\n  meta:\n    family = "test.${name}"\n  strings:\n    $a0 = "${text}"\n  condition:\n    $a0\n}\n`;
const source = (namespace: string, text: string, scope: BundleRule["scope"] = null): BundleRule => ({
  ...{ namespace, source: text, scope, prescription: null, family: null },
});
const filler = (count: number) =>
  Array.from({ length: count }, (_, i) =>
    source(`filler${i}`, own("filler", `a text of number ${i} that fills`)),
  );

/** The real engine, with a list of what it was asked to compile. */
async function listing(): Promise<{ engine: RuleEngine; compiled: string[][] }> {
  const engine = await loadEngine();
  const compiled: string[][] = [];
  return {
    compiled,
    engine: {
      name: engine.name,
      restore: (bytes, options) => engine.restore(bytes, options),
      faults: (source) => engine.faults(source),
      compile(sources, options) {
        compiled.push(sources.map(({ namespace }) => namespace));
        return engine.compile(sources, options);
      },
    },
  };
}

function foundBy(engine: RuleEngine, rules: readonly BundleRule[], contents: readonly string[]) {
  const plain = engine.compile(rules);
  const gates = new Gates({ digest: "test", rules }, engine);
  const found = contents.map((text) => {
    const bytes = Buffer.from(text);
    const names = gates.scan(bytes, "text", plain).map(({ rule }) => rule);
    assert.deepEqual(
      names,
      plain.scan(bytes).map(({ rule }) => rule),
    );
    return names;
  });
  gates.close();
  plain.close();
  return found;
}

test("sources of one namespace stay together: a rule may ask for those of another file", async () => {
  const { engine, compiled } = await listing();
  const rules = [
    source("same", own("base", "a text that the base has")),
    source("same", "rule open { condition: base or filesize == 4 }"),
    source("alone", "rule alone { condition: filesize == 5 }"),
    ...filler(9),
  ];
  assert.deepEqual(foundBy(engine, rules, ["four", "fives", "with a text that the base has", ""]), [
    ["open"],
    ["alone"],
    ["base", "open"],
    [],
  ]);
  assert.deepEqual(compiled[1], ["same", "same", "alone"]);
});

test("what is applied to every file is compiled once, before the first file", async () => {
  const { engine, compiled } = await listing();
  const rules = [
    ...filler(9),
    source("one", "rule one { condition: filesize == 4 }"),
    source("two", "rule two { condition: filesize == 5 }", ["elf64", "elf32"]),
  ];
  const plain = engine.compile(rules);
  const gates = new Gates({ digest: "test", rules }, engine);
  assert.deepEqual(compiled.slice(1), [["one", "two"]]);
  for (const type of ["text", "elf64", "elf32", "shell"] as const)
    gates.scan(Buffer.from("none"), type, plain);
  assert.equal(compiled.length, 2);
  gates.close();
  plain.close();
});

test("where most of the rules are applied to every file nothing is compiled twice", async () => {
  const { engine, compiled } = await listing();
  const open = Array.from({ length: 50 }, (_, i) =>
    source(`open${i}`, `rule open { condition: filesize == ${i} }`),
  );
  assert.deepEqual(foundBy(engine, [...open, ...filler(1)], ["four", "a text of number 0 that fills"]), [
    ["open"],
    ["filler", "open"],
  ]);
  assert.equal(compiled.length, 1);
});
