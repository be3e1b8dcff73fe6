import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { loadEngine } from "../engine/load.ts";
import { loadRuleSet } from "./load.ts";
import { ruleSpans, withoutRules } from "./spans.ts";

function folderOf(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "thymus-rules-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const always = (name: string) => `rule ${name} { condition: true }\n`;

for (const kind of ["native", "wasm"] as const) {
  test(`${kind}: what cannot be applied is left out rule by rule and named`, async (t) => {
    const engine = await loadEngine(kind);
    const folder = folderOf(t, {
      "a.yar": `import "virus_total_only"\n${always("good")}rule bad {\n  condition:\n    virus_total_only.x()\n}\nrule asks { condition: bad }\n`,
      "b.yar": always("good"),
      "c.yar": "this is no rule",
      "d.yara": 'rule named { condition: filename == "x" and extension == ".e" and owner == "o" }',
    });
    const set = loadRuleSet([folder], engine);
    assert.deepEqual(
      set.warnings.map((line) => line.replace(/: [^:]*$/, "")),
      ["a.yar: the rule bad is left out", "a.yar: the rule asks is left out", "c.yar is left out: line 1"],
    );
    assert.equal(set.rules, 3);
    const rules = engine.compile(set.bundle.rules, { foreign: true });
    const facts = { filename: "x", filepath: "", extension: ".e", filetype: "", owner: "o", md5: "" };
    const found = (externals?: typeof facts) =>
      rules.scan(Buffer.from("x"), externals).map(({ namespace, rule }) => `${namespace} ${rule}`);
    assert.deepEqual(found(facts), ["a.yar good", "b.yar good", "d.yara named"]);
    assert.deepEqual(found(), ["a.yar good", "b.yar good"]);
    rules.close();
  });
}

test("an index includes its files, which then count once; nothing outside of the folder is read", async (t) => {
  const folder = folderOf(t, {
    "set/index.yar": 'include "./deep/one.yar"\ninclude "../outside.yar"\ninclude "deep/one.yar"\n',
    "set/deep/one.yar": `include "two.yar"\n${always("one")}`,
    "set/deep/two.yar": `include "../index.yar"\n${always("two")}`,
    "outside.yar": always("outside"),
  });
  const set = loadRuleSet([join(folder, "set")], await loadEngine());
  assert.deepEqual([set.rules, set.bundle.rules.length], [2, 1]);
  const alone = loadRuleSet([join(folder, "set/index.yar")], await loadEngine());
  assert.equal(alone.rules, 2);
  assert.match(alone.warnings.join(), /outside\.yar is left out: it is not in the folder/);
});

test("a file of rules in the form of this project is taken rule by rule, so that they are quick", async (t) => {
  const own = (name: string) =>
    `rule ${name} {\n  meta:\n    family = "f"\n  strings:\n    $a0 = "a text of ${name}"\n  condition:\n    $a0\n}\n`;
  const folder = folderOf(t, {
    "own.yar": `${own("one")}\n${own("two")}`,
    "other.yar": `// a word\n${own("three")}`,
  });
  const { bundle } = loadRuleSet([folder], await loadEngine());
  assert.deepEqual(
    bundle.rules.map(({ namespace, foreign }) => [namespace, foreign ?? false]),
    [
      ["other.yar", true],
      ["own.yar", false],
      ["own.yar", false],
    ],
  );
});

test("rules are found among texts, comments, expressions and hex strings that look like rules", () => {
  const text = [
    '/* rule no { } */ import "pe" // rule no { }',
    'private rule one : tag { strings: $a = "rule no { \\" }" $b = { 7B [1-2] 7D } $c = /rule x\\/{2}/ condition: any of them }',
    "global private rule two{condition:true}",
  ].join("\n");
  assert.deepEqual(
    ruleSpans(text).map(({ name }) => name),
    ["one", "two"],
  );
  const without = withoutRules(text, ruleSpans(text));
  assert.equal(without.split("\n").length, 3);
  assert.doesNotMatch(without, /one|two/);
});
