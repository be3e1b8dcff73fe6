import assert from "node:assert/strict";
import { test } from "node:test";
import { loadEngine } from "../engine/load.ts";
import { Gates } from "../scan/gates.ts";
import { BundleScanner } from "../scan/scan-file.ts";
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
  ])
    assert.equal(gated(quoted.slice(0, 3), condition), null, condition);
  assert.equal(gated(['"short"'], "$a0"), null);
  assert.equal(gated(['"a text in any letter case" nocase'], "$a0"), null);
  assert.equal(gated(["/an expression that is long/"], "$a0"), null);
  assert.equal(gateOf(`${rule("r", quoted, "$a0")}rule s { condition: true }`), null);
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
