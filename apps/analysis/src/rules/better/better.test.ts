import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { restsOnShape, unusedPatterns } from "../judge/shape.ts";
import type { Rule } from "../syntax/ast.ts";
import { parseRules } from "../syntax/parse.ts";
import { printExpr } from "../syntax/print.ts";
import { simpleForm } from "./simple.ts";

const names = ["$a1", "$a2", "$b", "$_c", "$mz"];
const parse = (condition: string): Rule => {
  const strings = names.map((id) => `${id} = "${id === "$mz" ? "MZ" : `long text of ${id.slice(1)}`}"`);
  const rule = parseRules(`rule r { strings: ${strings.join(" ")} condition: ${condition} }`).regions[0]
    ?.rule;
  assert.ok(rule, condition);
  return rule;
};

test("conditions that can be made stricter, and those that cannot", () => {
  const form = (condition: string) => {
    const found = simpleForm(parse(condition));
    return typeof found === "string" ? null : [found.count, found.members.map(({ id }) => id).join(" ")];
  };
  assert.deepEqual(form("any of them"), [1, names.join(" ")]);
  assert.deepEqual(form("$mz at 0 and 2 of ($a*, $b) and filesize < 1MB"), [2, "$a1 $a2 $b"]);
  assert.deepEqual(form("uint16(0) == 0x5a4d and ($a1 or $b)"), [1, "$a1 $b"]);
  assert.deepEqual(form("all of ($a*)"), [2, "$a1 $a2"]);
  for (const other of [
    "$a1",
    "none of them",
    "50% of them",
    "filesize of them",
    "not any of them",
    "any of them in (0..100)",
    "any of ($a*) and any of ($b)",
    "any of ($a*) or $b",
    "any of them and for any i in (1..2) : (#a1 > i)",
  ])
    assert.equal(form(other), null, other);
});

test("what is rewritten keeps its other parts and the strings that they name", () => {
  const rule = parse("$mz at 0 and any of them");
  const simple = simpleForm(rule);
  assert.ok(typeof simple !== "string");
  const stricter = simple.rewrite(rule.patterns.slice(0, 3), 2);
  assert.equal(printExpr(stricter!.condition), "$mz at 0 and 2 of ($a1, $a2, $b)");
  assert.deepEqual(
    stricter!.patterns.map(({ id }) => id),
    ["$a1", "$a2", "$b", "$mz"],
  );
});

test("a stricter rule never takes what the first does not", () => {
  fc.assert(
    fc.property(
      fc.subarray(names, { minLength: 1 }),
      fc.integer({ min: 1, max: 5 }),
      fc.subarray(names),
      (left, raise, held) => {
        const rule = parse("2 of them");
        const simple = simpleForm(rule);
        assert.ok(typeof simple !== "string");
        const members = rule.patterns.filter(({ id }) => left.includes(id));
        const least = Math.min(members.length, raise + 1);
        if (least < simple.count) return;
        const stricter = simple.rewrite(members, least);
        const again = simpleForm(stricter!);
        assert.ok(typeof again !== "string");
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
