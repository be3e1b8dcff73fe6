import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { RuleEvaluation } from "@thymus/contracts";
import { needs } from "@thymus/testkit";
import { buildCorpus, openCorpus } from "../../self/index.ts";
import { upperBound } from "../judge/bound.ts";
import { fixedRuns } from "../judge/bytes.ts";
import { evaluateRules } from "./evaluate.ts";

const dir = mkdtempSync(join(tmpdir(), "thymus-rules-"));
after(() => rmSync(dir, { recursive: true, force: true }));
const good = join(dir, "goodware");
mkdirSync(good);
for (let i = 0; i < 40; i++)
  writeFileSync(
    join(good, `tool${i}.sh`),
    `#!/bin/sh\n# tool ${i}\necho "usage: tool [--help]"\nexit ${i}\n`,
  );
const self = join(dir, "self");
await buildCorpus({ dir: self, sources: [good], maxBytes: 1 << 20, onProgress() {} });
const corpus = await openCorpus(self);
const file = (name: string, text: string) => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};

test("a rule that hits self is bad, one that rests on rare bytes is not; a broken one is told and passed over", async () => {
  const path = file(
    "set.yar",
    [
      'rule usage { strings: $a = "usage: tool" condition: $a }',
      "rule broken { condition: nothing_known }",
      'private rule rare { strings: $b = "q7#Zx!kW0^vJ&pL9@" $c = { 9f 3c ?? a1 77 e2 10 8d } condition: all of them }',
      "rule follows { condition: rare }",
    ].join("\n"),
  );
  const result = await evaluateRules({ files: [path], corpus, quick: true });
  assert.deepEqual(RuleEvaluation.parse(result), result);
  assert.equal(result.files[0]?.problems[0]?.line, 2);
  assert.deepEqual(
    result.rules.map(({ rule, hits }) => [rule, hits.files]),
    [
      ["usage", 40],
      ["rare", 0],
      ["follows", 0],
    ],
  );
  assert.equal(result.rules[0]?.verdict, "bad");
  assert.equal(result.rules[0]?.strings[0]?.verdict, "common");
  assert.equal(result.rules[1]?.verdict, "fine");
  assert.equal(result.rules[0]?.better?.rule, null);
  assert.match(result.rules[0]?.better?.reason ?? "", /no samples were given/);
});

test("which samples a rule finds, and which strings each holds", async () => {
  const samples = join(dir, "samples");
  mkdirSync(samples);
  writeFileSync(join(samples, "one"), "..first_of_two..second_of_two..");
  writeFileSync(join(samples, "two"), "..second_of_two..");
  writeFileSync(join(samples, "three"), "neither");
  const path = file(
    "sampled.yar",
    'rule both { strings: $a = "first_of_two" $b = "second_of_two" private condition: all of them }',
  );
  const result = await evaluateRules({ files: [path], corpus, quick: true, samples: [samples] });
  assert.deepEqual(RuleEvaluation.parse(result), result);
  assert.equal(result.samples?.files, 3);
  assert.deepEqual(result.rules[0]?.samples, [
    { path: join(samples, "one"), found: true, strings: ["$a", "$b"] },
    { path: join(samples, "two"), found: false, strings: ["$b"] },
  ]);
  const nothing = evaluateRules({ files: [path], corpus, quick: true, samples: [join(dir, "nowhere")] });
  await assert.rejects(nothing, { code: "NOT_FOUND" });
});

test("a better rule keeps the samples, is free of self's strings, and is the same file of rules otherwise", async () => {
  const samples = join(dir, "bad");
  mkdirSync(samples);
  writeFileSync(join(samples, "one"), "echo_K9vQ2zX..usage: tool..Wq8-mutex-77");
  writeFileSync(join(samples, "two"), "#!/bin/sh echo_K9vQ2zX exit Wq8-mutex-77");
  const text = [
    "rule small { condition: filesize < 10KB }",
    'private rule loose : tag { meta: author = "nobody" strings: $u = "usage: tool" $e = "exit" $m = "Wq8-mutex-77" $x = "echo_K9vQ2zX"',
    "condition: small and 2 of them }",
    'rule every { strings: $a = "usage: tool" $b = "exit" condition: $a and $b }',
    'rule lone { strings: $a = "usage: tool" $b = "exit" condition: any of them }',
  ].join("\n");
  const path = file("loose.yar", text);
  const result = await evaluateRules({ files: [path], corpus, quick: true, samples: [samples] });
  assert.deepEqual(RuleEvaluation.parse(result), result);
  const [small, loose, every, lone] = result.rules;
  assert.equal(loose?.hits.files, 40);
  assert.equal(loose?.better?.hits, 0);
  assert.equal(loose?.better?.samples, 2);
  const rule = loose?.better?.rule ?? "";
  assert.match(rule, /^private rule loose : tag/);
  assert.match(rule, /small and all of them/);
  assert.doesNotMatch(rule, /\$u|\$e/);
  assert.equal(small?.problems.at(-1)?.severity, "weak");
  for (const other of [small, every, lone]) assert.equal(other?.better?.rule, null);
});

test("what a rule costs, and what makes it slow", async () => {
  const text = [
    'rule plain { strings: $a = "q7#Zx!kW0^vJ&pL9@" condition: $a }',
    "rule slow { strings: $b = /[a-z]{2,9}.*[a-z]/ $c = { ?? 65 } $d = /.*tool/ condition: any of them }",
    "rule loop { condition: for any i in (0..filesize) : (for any j in (0..9) : (uint8(i + j) == 300)) }",
  ].join("\n");
  const result = await evaluateRules({ files: [file("cost.yar", text)], corpus });
  assert.equal(result.cost.files, 40);
  assert.equal(result.cost.why, null);
  const [plain, slow, loop] = result.rules;
  for (const { cost } of result.rules) assert.ok(cost !== null && cost.timesTrivial > 0 && !cost.atLeast);
  assert.ok(loop!.cost!.timesTrivial > 3 * plain!.cost!.timesTrivial);
  assert.deepEqual(plain!.strings[0]!.slow, []);
  assert.deepEqual(
    slow!.strings.map(
      ({ slow: reasons }) => reasons.length > 0 && reasons.every(({ change }) => change !== ""),
    ),
    [true, true, true],
  );
  assert.match(slow!.strings[0]!.slow[0]!.why, /no byte of it is fixed/);
  assert.match(
    slow!.strings[1]!.slow.map(({ why }) => why).join("; "),
    /only 1 fixed.*begins or ends with any/,
  );
  assert.match(slow!.strings[2]!.slow.at(-2)!.change, /leave the beginning out/);
  assert.deepEqual(
    loop!.slow.map(({ why }) => why),
    ["a loop over every byte of a file", "a loop within a loop"],
  );
});

test("YARA 4 is asked about the same files", { skip: needs("yara", "bwrap") }, async () => {
  const samples = join(dir, "for-yara");
  mkdirSync(samples);
  writeFileSync(join(samples, "one"), "mark_of_one..");
  const text = [
    'import "string"',
    'rule both { strings: $a = "mark_of_one" condition: $a and 1 of them }',
    'rule zero { strings: $a = "mark_of_one" condition: 0 of them and filesize < 20 }',
    'rule nothing { strings: $a = { 6d 61 72 6b ~00 } condition: $a and string.to_int("1") == 1 }',
    "rule follows { condition: both and not nothing }",
    'rule ends { strings: $a = "usage: tool" condition: $a }',
  ].join("\n");
  const result = await evaluateRules({ files: [file("four.yar", text)], corpus, samples: [samples] });
  assert.match(result.yara4.version!, /^4\./);
  assert.deepEqual([result.yara4.samples, result.yara4.goodware, result.yara4.why], [1, 40, null]);
  const [both, zero, nothing, follows, ends] = result.rules;
  assert.deepEqual(both!.yara4, { refused: null, onlyYara4: [], onlyYaraX: [] });
  assert.deepEqual(ends!.yara4, { refused: null, onlyYara4: [], onlyYaraX: [] });
  assert.equal(ends!.hits.files, 40);
  // What is known to be mended in a later YARA 4 is told with its version.
  if (result.yara4.version!.startsWith("4.2")) {
    assert.deepEqual(zero!.yara4!.onlyYaraX, [join(samples, "one")]);
    assert.match(nothing!.yara4!.refused!, /./);
    assert.match(follows!.yara4!.refused!, /nothing/);
  }
  assert.deepEqual(
    zero!.differences.map(({ effect, before }) => [effect, before]),
    [["differs", "4.3"]],
  );
  assert.deepEqual(
    nothing!.differences.map(({ engine, string }) => [engine, string]),
    [
      ["yara-4", null],
      ["yara-4", "$a"],
    ],
  );
});

test("what YARA-X refuses and YARA 4 takes is told with the change", async () => {
  const text = 'rule re { strings: $a = /x{"a":1}/ condition: $a } rule e { condition: entrypoint == 0 }';
  const { files } = await evaluateRules({ files: [file("x.yar", text)], corpus, quick: true });
  const messages = files[0]!.problems.map(({ message }) => message);
  assert.match(messages[0]!, /YARA 4 takes it; it has a `\{` that opens no interval: write `\\\{`/);
  assert.match(messages[1]!, /YARA 4 takes it; it uses `entrypoint`/);
});

test("rules that are not done in time are an error", async () => {
  const path = file("late.yar", "rule late { condition: false }");
  const late = { code: "TOOL_FAILED" };
  await assert.rejects(evaluateRules({ files: [path], corpus, compileSeconds: 0.001 }), late);
  await assert.rejects(evaluateRules({ files: [path], corpus, seconds: 0.001 }), late);
  const signal = AbortSignal.abort();
  await assert.rejects(evaluateRules({ files: [path], corpus, signal }), { code: "INTERRUPTED" });
});

test("an include stays in the folder", async () => {
  file("part.yar", "rule part { condition: false }");
  const inside = await evaluateRules({ files: [file("in.yar", 'include "part.yar"')], corpus, quick: true });
  assert.deepEqual(
    inside.rules.map(({ rule }) => rule),
    ["part"],
  );
  const sub = join(dir, "sub");
  mkdirSync(sub);
  const outside = file("sub/out.yar", 'include "../part.yar"');
  await assert.rejects(evaluateRules({ files: [outside], corpus }), { code: "RULE_INVALID" });
});

test("the bound is the rule of three without hits, and Clopper and Pearson's with them", () => {
  assert.ok(Math.abs(upperBound(0, 1000) - 0.002991) < 1e-5);
  assert.ok(Math.abs(upperBound(1, 10) - 0.394163) < 1e-5);
  assert.ok(Math.abs(upperBound(5, 100) - 0.102253) < 1e-5);
  assert.equal(upperBound(3, 3), 1);
});

test("fixed bytes of each kind of string", () => {
  const runs = (kind: "text" | "hex" | "regex", body: string, modifiers: string[] = []) =>
    fixedRuns({ id: "$", kind, body, flags: "", modifiers, place: { line: 1, column: 1 } }).map((run) =>
      Buffer.from(run).toString("hex"),
    );
  assert.deepEqual(runs("text", "a\\x00\\n\\\\"), ["61000a5c"]);
  assert.deepEqual(runs("text", "ab", ["wide"]), ["61006200"]);
  assert.deepEqual(runs("hex", " 61 62 ?? 6? [2-4] 63 ( 64 | 65 (66|67) ) 68 ~69 6a // x 6b\n 6c"), [
    "6162",
    "63",
    "68",
    "6a6c",
  ]);
  assert.deepEqual(runs("regex", "abc+d\\/(x|y)[a-z]e{2}fg"), ["6162", "642f", "6667"]);
  assert.deepEqual(runs("regex", "abc|def"), []);
});
