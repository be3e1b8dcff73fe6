import assert from "node:assert/strict";
import { test } from "node:test";
import { loadEngine } from "@thymus/detection";
import fc from "fast-check";
import type { Expr, Quantifier, Rule } from "./ast.ts";
import { parseRules } from "./parse.ts";
import { printRule } from "./print.ts";

const engine = await loadEngine();
const one = (text: string) => {
  const file = parseRules(text);
  assert.deepEqual(file.faults, []);
  assert.equal(file.regions.length, 1);
  return file.regions[0]!;
};
const noPlaces = (rule: Rule): Rule => ({
  ...rule,
  place: { line: 0, column: 0 },
  patterns: rule.patterns.map((pattern) => ({ ...pattern, place: { line: 0, column: 0 } })),
});

const number = fc.nat(300).map((value): Expr => ({ k: "number", text: String(value) }));
const { whole } = fc.letrec<{ whole: Expr; sum: Expr }>((tie) => {
  const name: fc.Arbitrary<Expr> = fc.constantFrom<Expr>(
    { k: "name", text: "filesize" },
    { k: "count", id: "$a" },
    { k: "offset", id: "$b", index: { k: "number", text: "1" } },
    { k: "length", id: "$a" },
    { k: "call", of: { k: "name", text: "uint16" }, args: [{ k: "number", text: "0" }] },
  );
  const ops = ["+", "-", "*", "&", "|", "^", "<<", ">>"];
  const sum: fc.Arbitrary<Expr> = fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    number,
    name,
    fc.record({
      k: fc.constant("binary" as const),
      op: fc.constantFrom(...ops),
      left: tie("sum"),
      right: tie("sum"),
    }),
    fc.record({ k: fc.constantFrom("minus" as const, "flip" as const), of: tie("sum") }),
  );
  const quantifier: fc.Arbitrary<Quantifier> = fc.oneof(
    fc.constantFrom<Quantifier>({ q: "all" }, { q: "any" }, { q: "none" }),
    fc.constantFrom<Quantifier>(
      { q: "count", of: { k: "number", text: "1" } },
      { q: "percent", of: { k: "number", text: "50" } },
    ),
  );
  const set = fc.constantFrom(
    { s: "them" as const },
    { s: "patterns" as const, ids: ["$a", "$b*"] },
    { s: "patterns" as const, ids: ["$*"] },
  );
  const range = fc.record({ from: number, to: tie("sum") });
  const leaf: fc.Arbitrary<Expr> = fc.oneof(
    fc.constant<Expr>({ k: "bool", value: true }),
    fc.constant<Expr>({ k: "pattern", id: "$a" }),
    fc.record({ k: fc.constant("pattern" as const), id: fc.constant("$b"), at: tie("sum") }),
    fc.record({ k: fc.constant("pattern" as const), id: fc.constant("$b"), in: range }),
    fc.record({ k: fc.constant("of" as const), quantifier, set }),
    fc.record({
      k: fc.constant("binary" as const),
      op: fc.constantFrom("==", "!=", "<", ">="),
      left: tie("sum"),
      right: tie("sum"),
    }),
  );
  const flat = (k: "and" | "or") =>
    fc.array(tie("whole"), { minLength: 2, maxLength: 3 }).map((parts): Expr => {
      const all = parts.flatMap((part) => (part.k === k ? part.all : [part]));
      return { k, all };
    });
  return {
    sum,
    whole: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      leaf,
      flat("and"),
      flat("or"),
      fc.record({ k: fc.constantFrom("not" as const, "defined" as const), of: tie("whole") }),
      fc.record({ k: fc.constant("forOf" as const), quantifier, set, body: tie("whole") }),
      fc.record({
        k: fc.constant("forIn" as const),
        quantifier,
        names: fc.constant(["i"]),
        over: fc.record({ o: fc.constant("range" as const), from: number, to: tie("sum") }),
        body: tie("whole"),
      }),
    ) as fc.Arbitrary<Expr>,
  };
});

const rule: fc.Arbitrary<Rule> = whole.map((condition) => ({
  name: "r",
  modifiers: [],
  tags: ["one"],
  meta: [{ name: "n", value: "-1" }],
  patterns: [
    {
      id: "$a",
      kind: "text",
      body: 'say \\"hi\\" \\x00',
      flags: "",
      modifiers: ["wide", "nocase"],
      place: { line: 0, column: 0 },
    },
    {
      id: "$b1",
      kind: "hex",
      body: " 61 ?? [2-4] ( 62 | 63 64 ) ",
      flags: "",
      modifiers: [],
      place: { line: 0, column: 0 },
    },
    {
      id: "$b",
      kind: "regex",
      body: "a\\/b[^\\/]+",
      flags: "i",
      modifiers: [],
      place: { line: 0, column: 0 },
    },
  ],
  condition: { k: "and", all: [condition, { k: "of", quantifier: { q: "any" }, set: { s: "them" } }] },
  place: { line: 0, column: 0 },
}));
const flattened = rule.map((each) =>
  each.condition.k === "and"
    ? {
        ...each,
        condition: {
          k: "and" as const,
          all: each.condition.all.flatMap((part) => (part.k === "and" ? part.all : [part])),
        },
      }
    : each,
);

test("what is printed is parsed as the same rule", () => {
  fc.assert(
    fc.property(flattened, (each) => {
      const region = one(printRule(each));
      assert.equal(region.fault, null, JSON.stringify(region.fault) + printRule(each));
      assert.deepEqual(structuredClone(noPlaces(region.rule!)), structuredClone(each));
    }),
    { numRuns: 400 },
  );
});

test("most of what is printed compiles in YARA-X, and the rest is refused for its meaning, never for its syntax", () => {
  let compiled = 0;
  fc.assert(
    fc.property(flattened, (each) => {
      try {
        engine.compile([{ namespace: "n", source: printRule(each) }]).close();
        compiled++;
      } catch (thrown) {
        assert.doesNotMatch((thrown as Error).message, /syntax error/, printRule(each));
      }
    }),
    { numRuns: 100 },
  );
  assert.ok(compiled > 20, `${compiled} of 100 compiled`);
});

test("never throws, ends, and keeps places inside the text", () => {
  const piece = fc.constantFrom(
    ...'rule a {|strings:|condition:|$a = |{ 61 }|"x"|/a/i|}|(|)|and|not|2 of them|import "pe"|/*|*/|//|\n|\\|xor(1-3)|for any i in|..|é'.split(
      "|",
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = pieces.join(" ");
      const { regions, faults } = parseRules(text);
      for (const { start, end } of regions) assert.ok(start < end && end <= text.length);
      for (const { place } of faults) assert.ok(place.line <= text.split("\n").length);
    }),
    { numRuns: 500 },
  );
});

test("a broken rule is told with its place and does not hide its neighbours", () => {
  const { regions, statements, faults } = parseRules(
    [
      'import "pe"',
      "rule good { condition: true }",
      'rule bad { strings: $a = "x condition: $a }',
      "private rule last : t u { meta: a = 1 condition: filesize < 2MB }",
    ].join("\n"),
  );
  assert.deepEqual(faults, []);
  assert.equal(statements[0]?.value, "pe");
  assert.deepEqual(
    regions.map(({ name, fault }) => [name, fault?.place ?? null]),
    [
      ["good", null],
      ["bad", { line: 3, column: 26 }],
      ["last", null],
    ],
  );
  assert.deepEqual(regions[2]?.rule?.modifiers, ["private"]);
});

test("nesting without end is refused, not followed", () => {
  const deep = `rule r { condition: ${"(".repeat(50_000)}true${")".repeat(50_000)} }`;
  assert.match(one(deep).fault!.message, /levels of nesting/);
  const nots = `rule r { condition: ${"not ".repeat(50_000)}true }`;
  assert.match(one(nots).fault!.message, /levels of nesting/);
});
