import assert from "node:assert/strict";
import { test } from "node:test";
import { loadEngine } from "@thymus/detection";
import fc from "fast-check";
import { restsOnShape, unusedPatterns } from "../judge/shape.ts";
import type { Rule } from "../syntax/ast.ts";
import { parseRules } from "../syntax/parse.ts";
import { printExpr, printRule } from "../syntax/print.ts";
import { simpleForms } from "./simple.ts";

const names = ["$a1", "$a2", "$b", "$_c", "$mz"];
const parse = (condition: string): Rule => {
  const strings = names.map((id) => `${id} = "${id === "$mz" ? "MZ" : `long text of ${id.slice(1)}`}"`);
  const rule = parseRules(`rule r { strings: ${strings.join(" ")} condition: ${condition} }`).regions[0]
    ?.rule;
  assert.ok(rule, condition);
  return rule;
};

const only = (rule: Rule) => {
  const forms = simpleForms(rule);
  assert.ok(typeof forms !== "string" && forms.length === 1);
  return forms[0]!;
};

test("conditions that can be made stricter, and those that cannot", () => {
  const form = (condition: string) => {
    const found = simpleForms(parse(condition));
    if (typeof found === "string") return null;
    return found.flatMap(({ count, members }) => [count, members.map(({ id }) => id).join(" ")]);
  };
  assert.deepEqual(form("any of them"), [1, names.join(" ")]);
  assert.deepEqual(form("$mz at 0 and 2 of ($a*, $b) and filesize < 1MB"), [2, "$a1 $a2 $b"]);
  assert.deepEqual(form("uint16(0) == 0x5a4d and ($a1 or $b)"), [1, "$a1 $b"]);
  assert.deepEqual(form("all of ($a*)"), [2, "$a1 $a2"]);
  assert.deepEqual(form("50% of them"), [3, names.join(" ")]);
  assert.deepEqual(form("20% of them"), [1, names.join(" ")]);
  assert.deepEqual(form("any of ($a*) and any of ($b)"), [1, "$a1 $a2", 1, "$b"]);
  assert.deepEqual(form("any of them and for any i in (1..2) : (#a1 > i)"), [1, names.join(" ")]);
  for (const other of [
    "$a1",
    "none of them",
    "filesize of them",
    "not any of them",
    "any of them in (0..100)",
    "any of ($a*) or $b",
    "0 of them",
    "0% of them",
  ])
    assert.equal(form(other), null, other);
});

test("what is rewritten keeps its other parts and the strings that they name", () => {
  const rule = parse("$mz at 0 and any of them");
  const simple = only(rule);
  const stricter = simple.rewrite(rule.patterns.slice(0, 3), 2);
  assert.equal(printExpr(stricter!.condition), "$mz at 0 and 2 of ($a1, $a2, $b)");
  assert.deepEqual(
    stricter!.patterns.map(({ id }) => id),
    ["$a1", "$a2", "$b", "$mz"],
  );
});

test("of several counts one is made stricter, and the others keep their strings", () => {
  const rule = parse("any of ($a*) and any of ($a1, $b) and for any of ($_*) : (# > 1)");
  const forms = simpleForms(rule);
  assert.ok(typeof forms !== "string");
  const stricter = forms[0]!.rewrite([rule.patterns[1]!], 1);
  assert.equal(
    printExpr(stricter!.condition),
    "all of ($a2) and any of ($a1, $b) and for any of ($_*) : (#$ > 1)".replace("#$", "#"),
  );
  // $a1 is still asked for by the other count; $mz never was.
  assert.deepEqual(
    stricter!.patterns.map(({ id }) => id),
    names,
  );
});

test("stricter rules of every form find a part of what the rule found, in the engine", async () => {
  const engine = await loadEngine();
  const texts = names.map((id) => (id === "$mz" ? "MZ" : `long text of ${id.slice(1)}`));
  for (const condition of [
    "40% of them",
    "2 of ($a*, $b) and any of ($a*)",
    "any of ($a*) and any of ($b, $_c) and #mz < 2",
    "all of ($a*) and 50% of them",
  ]) {
    const rule = parse(`${condition} and (any of them or filesize >= 0)`);
    const forms = simpleForms(rule);
    assert.ok(typeof forms !== "string");
    const stricter = forms.flatMap((form) =>
      form.members.flatMap((_, gone) => {
        const left = form.members.filter((_each, at) => at !== gone || form.members.length === 1);
        return left.flatMap((_each, more) => (more + 1 >= form.count ? [form.rewrite(left, more + 1)] : []));
      }),
    );
    const sources = [rule, ...stricter].map((each, at) => ({
      namespace: `n${at}`,
      source: printRule(each!),
    }));
    const rules = engine.compile(sources);
    for (let held = 0; held < 2 ** names.length; held++) {
      const file = Buffer.from(texts.filter((_, at) => held & (1 << at)).join("  "));
      const found = rules.scan(file).map(({ namespace }) => namespace);
      if (found.length > 0) assert.ok(found.includes("n0"), `${condition}: ${file}`);
    }
    rules.close();
  }
});

test("a stricter rule never takes what the first does not", () => {
  fc.assert(
    fc.property(
      fc.subarray(names, { minLength: 1 }),
      fc.integer({ min: 1, max: 5 }),
      fc.subarray(names),
      (left, raise, held) => {
        const rule = parse("2 of them");
        const simple = only(rule);
        const members = rule.patterns.filter(({ id }) => left.includes(id));
        const least = Math.min(members.length, raise + 1);
        if (least < simple.count) return;
        const stricter = simple.rewrite(members, least);
        const again = only(stricter!);
        const takes = ({ members: of, count }: typeof simple) =>
          of.filter(({ id }) => held.includes(id)).length >= count;
        assert.equal(again.count, least);
        if (takes(again)) assert.ok(takes(simple));
      },
    ),
  );
});

test("strings without use, and conditions that rest on little", () => {
  const unused = (condition: string) => unusedPatterns(parse(condition)).map(({ id }) => id);
  assert.deepEqual(unused("$a1 and #b > 1 and @mz < 4"), ["$a2", "$_c"]);
  assert.deepEqual(unused("for any of ($a*) : ($ at 3)"), ["$b", "$_c", "$mz"]);
  assert.deepEqual(unused("any of them"), []);
  for (const little of ["true", "filesize < 10", "$mz at 0 and filesize > 2", "$a1 or uint16(0) == 0x5a4d"])
    assert.equal(restsOnShape(parse(little)), true, little);
  for (const more of [
    "$a1",
    "$mz",
    "$a1 at 0",
    "filesize < 10 and any of them",
    "pe.is_dll()",
    "other and filesize < 9",
  ])
    assert.equal(restsOnShape(parse(more)), false, more);
});
