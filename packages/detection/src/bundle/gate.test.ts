import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { loadEngine } from "../engine/load.ts";
import { Gates } from "../scan/gates.ts";
import { BundleScanner } from "../scan/scan-file.ts";
import { Sieve } from "../scan/sieve.ts";
import type { BundleRule } from "./bundle.ts";
import { gateOf } from "./gate.ts";

const words = ["amber", "birch", "cedar", "delta", "ember", "fjord"].map((word) => `${word} of the river`);
const rule = (name: string, strings: readonly string[], condition: string) =>
  `rule ${name} {\n  meta:\n    family = "test.${name}"\n  strings:\n` +
  `${strings.map((text, i) => `    $a${i} = ${text}\n`).join("")}  condition:\n    ${condition}\n}\n`;
const quoted = words.map((word) => `"${word}"`);
const gated = (strings: readonly string[], condition: string) =>
  gateOf(rule("r", strings, condition))?.map(({ bytes }) => Buffer.from(bytes).toString("latin1")) ?? null;

test("of n strings of which k are needed n - k + 1 are the gate", () => {
  assert.equal(gated(quoted.slice(0, 3), "2 of ($a*)")?.length, 2);
  assert.equal(gated(quoted.slice(0, 3), "all of ($a*)")?.length, 1);
  assert.deepEqual(gated(quoted.slice(0, 1), "$a0"), [words[0]]);
  assert.equal(gated(quoted, "uint32(0) == 0x464C457F and ((5 of ($a*)) or (all of ($a*)))")?.length, 3);
  assert.deepEqual(gated(["{61626364656667686970717273??4142}"], "$a0"), ["abcdefghipqrs"]);
  assert.equal(gated(["{616263646566(67|68)69707172737475}"], "$a0")?.length, 2);
});

test("where a match may hold none of them there is no gate", () => {
  for (const condition of [
    "2 of ($a*) or filesize < 10",
    "not $a0",
    "not ($a0 or $a1)",
    "for any of ($a*) : ( $ at 0 )",
    "#a0 == 0",
    "0 of ($a*)",
    "2 of them",
    "$a0 and $a1 or(filesize < 10KB)",
    "$a0 and ($a1)or $a2",
    "$a0 and $a1\tor $a2",
    "$a0 and $a1  or $a2",
    "$a0 and $a1 or\n    $a2",
    "$a0 at 0",
    "$a0 and $a1 )",
    "($a0",
    "$a0 and",
    "$a7",
    `${"(".repeat(99_999)}$a0${")".repeat(99_999)}`,
  ])
    assert.equal(gated(quoted.slice(0, 3), condition), null, condition);
  assert.equal(gated(['"short"'], "$a0"), null);
  assert.equal(gated(['"a text in any letter case" nocase'], "$a0"), null);
  assert.equal(gated(["/an expression that is long/"], "$a0"), null);
  assert.equal(gateOf(`${rule("r", quoted, "$a0")}rule s { condition: true }`), null);
});

test("a text that is not of our own form to its last character has no gate", () => {
  const own = rule("r", quoted.slice(0, 3), "all of ($a*)");
  assert.notEqual(gateOf(own), null);
  for (const other of [
    own.replace("    $a1", "    /* $a9 = *//*\n    $a1").replace("    $a2", "    */ $a2"),
    own.replace('river"', 'river" /*').replace("    $a2", "    */ $a2"),
    own.replace('river"', 'river" // and no more'),
    own.replace("    $a1", "\t$a1"),
    own.replaceAll("\n", "\r\n"),
    own.replace('= "test.r"', '= "test.r" /*'),
    own.replace("rule r", "private rule r"),
    own.replace("rule r", "rule r : tag"),
    `import "pe"\n${own}`,
    `${own}\n`,
    own.replace("  condition", "  /* $a0 */ condition"),
    own.replace('"amber', '/a//b/ /*"amber'),
  ])
    assert.equal(gateOf(other), null, other);
});

/** A condition mostly of our own form, with a few things at any place that are not. */
const anyCondition = fc.letrec<{ term: string; list: string }>((tie) => ({
  term: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 6, arbitrary: fc.constantFrom("$a0", "$a1", "$b0", "$b1", "all of ($a*)", "2 of ($a*)") },
    { weight: 1, arbitrary: fc.constantFrom("filesize < 40", "not $a0", "$b1 at 0", "#a0 > 1") },
    { weight: 1, arbitrary: fc.constant("uint32(0) == 0x65626D61") },
    { weight: 3, arbitrary: tie("list").map((inner) => `(${inner})`) },
  ),
  list: fc
    .record({
      terms: fc.array(tie("term"), { minLength: 1, maxLength: 4 }),
      words: fc.tuple(...Array.from({ length: 3 }, () => fc.constantFrom("and", "or"))),
      odd: fc.option(fc.nat(5), { freq: 3 }),
      blank: fc.constantFrom("\t", "  ", "\n", "/* or */", ""),
    })
    .map(({ terms, words, odd, blank }) =>
      terms.reduce((text, term, i) => {
        const [before, after] = [2 * i - 2, 2 * i - 1].map((at) => (at === odd ? blank : " "));
        const isTight = (text.endsWith(")") || before !== "") && (term.startsWith("(") || after !== "");
        return text + (isTight ? `${before}${words[i - 1]}${after}` : ` ${words[i - 1]} `) + term;
      }),
    ),
})).list;

/** Such a rule with those of the strings that its condition names, and perhaps more of them in a comment. */
function anyRule(condition: string, comment: number): string {
  const names = ["a0", "a1", "a2", "b0", "b1"];
  const lines = names.flatMap((name, i) => {
    const isNamed = condition.includes(name) || condition.includes(`($${name[0]}*)`);
    return isNamed ? [`    $${name} = ${quoted[i]}`] : [];
  });
  if (lines.length === 0) return `rule r {\n  condition:\n    ${condition}\n}\n`;
  const extra = `/*\n    $a8 = ${quoted[5]}\n    $b8 = ${quoted[5]}\n*/`;
  if (comment === 1) lines[0] += ` ${extra}`;
  if (comment === 2) lines[0] = `    ${extra}${lines[0]!.trim()}`;
  if (comment === 3) lines.splice(1, 0, extra);
  return `rule r {\n  strings:\n${lines.join("\n")}\n  condition:\n    ${condition}\n}\n`;
}

test("every file that a rule matches is let through by its gate, however the rule is written", async () => {
  const engine = await loadEngine();
  // Most of all files that lack much of what is asked for.
  const contents = words.flatMap((word, i) => [
    word,
    ...words.slice(i + 1).map((other) => `${word}.${other}`),
  ]);
  const files = [...contents, "", words.join(".")].map((text) => Buffer.from(text));
  const anySource = fc.tuple(anyCondition, fc.nat(15)).map((parts) => anyRule(...parts));
  const seen = { rules: 0, gated: 0, found: 0 };
  fc.assert(
    fc.property(fc.array(anySource, { minLength: 25, maxLength: 25 }), (sources) => {
      const compiled = engine.compile(sources.map((source, i) => ({ namespace: `${i}`, source })));
      const gates = sources.map(gateOf).map((runs) => runs && new Sieve(runs));
      for (const bytes of files) {
        for (const { namespace } of compiled.scan(bytes)) {
          const gate = gates[Number(namespace)]!;
          if (gate !== null) assert.ok(gate.finds(bytes), `${bytes} in ${sources[Number(namespace)]}`);
          seen.found++;
        }
      }
      compiled.close();
      seen.rules += sources.length;
      seen.gated += gates.filter((gate) => gate !== null).length;
    }),
    { numRuns: 25 },
  );
  assert.ok(seen.gated > 0.2 * seen.rules && seen.found > seen.rules, JSON.stringify(seen));
});

test("with gates the same is found as without", async () => {
  const engine = await loadEngine();
  const keyed = Buffer.from(words[4]!).map((byte) => byte ^ 0x5a);
  const sources: [string, BundleRule["scope"]][] = [
    [rule("two", quoted.slice(0, 3), "2 of ($a*)"), ["text", "shell"]],
    [rule("keyed", [`${quoted[4]} xor`], "$a0"), ["text"]],
    [rule("open", ["/fjord of [a-z]{3} river/"], "$a0"), null],
    [rule("escaped", ['"\\x00\\"one\\\\two\\nthree\\tfour"'], "$a0"), ["text"]],
  ];
  const rules = sources.map(([source, scope], i) => ({
    ...{ namespace: `n${i}`, source, scope, prescription: null, family: null },
  }));
  const bundle = { digest: "test", rules };
  const plain = new BundleScanner(bundle, engine.compile(rules));
  const quick = new BundleScanner(bundle, engine.compile(rules), new Gates(bundle, engine));
  const parts = [...words.map((word) => Buffer.from(word)), keyed, Buffer.from('\0"one\\two\nthree\tfour')];
  let found = 0;
  for (let chosen = 0; chosen < 2 ** parts.length; chosen += 3) {
    const bytes = Buffer.concat(parts.filter((_, i) => (chosen >> i) & 1));
    for (const type of ["text", "shell", "elf64"] as const) {
      const names = (scanner: BundleScanner) =>
        scanner.scan(bytes, type).found.map(({ match }) => match.rule);
      assert.deepEqual(names(quick), names(plain));
      found += names(plain).length;
    }
  }
  assert.ok(found > 50);
  plain.close();
  quick.close();
});
