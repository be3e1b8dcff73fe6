/** One suite over both builds of YARA-X: they must not differ. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MAX_REPORTED_MATCHES, type RuleEngine, type RuleSource } from "./engine.ts";
import { loadEngine } from "./load.ts";

const bytes = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
const native = await loadEngine("native");
const wasm = await loadEngine("wasm");

function results(engine: RuleEngine, sources: RuleSource[], content: Uint8Array) {
  const rules = engine.compile(sources);
  try {
    return rules.scan(content);
  } finally {
    rules.close();
  }
}

for (const engine of [native, wasm]) {
  test(`${engine.name}: places, lengths, names`, () => {
    const source = 'rule a { strings: $x = "abc" $y = { 61 ?? 63 64 } $z = /b.d/ condition: any of them }';
    assert.deepEqual(results(engine, [{ namespace: "rx-1", source }], bytes("abcd..abc")), [
      {
        namespace: "rx-1",
        rule: "a",
        matches: [
          { offset: 0, length: 3 },
          { offset: 0, length: 4 },
          { offset: 1, length: 3 },
          { offset: 6, length: 3 },
        ],
      },
    ]);
  });

  test(`${engine.name}: private rules and patterns stay private, namespaces apart`, () => {
    const sources = [
      {
        namespace: "b",
        source: 'private rule p { condition: true } rule r { strings: $s = "x" private condition: p and $s }',
      },
      { namespace: "a", source: "rule r { condition: filesize == 1 }" },
    ];
    assert.deepEqual(results(engine, sources, bytes("x")), [
      { namespace: "a", rule: "r", matches: [] },
      { namespace: "b", rule: "r", matches: [] },
    ]);
  });

  test(`${engine.name}: a global rule holds for its own namespace only`, () => {
    const sources = [
      { namespace: "a", source: "global rule g { condition: false } rule r { condition: true }" },
      { namespace: "b", source: "rule r { condition: true }" },
    ];
    assert.deepEqual(
      results(engine, sources, bytes("x")).map(({ namespace }) => namespace),
      ["b"],
    );
  });

  test(`${engine.name}: bounds of one rule's condition do not hide its strings from another rule`, () => {
    const content = bytes("..some text of both rules..");
    for (const bound of [
      "filesize < 9",
      "filesize > 999",
      "uint32(0) == 0x464C457F",
      "uint16(0) == 0x5a4d",
    ]) {
      const text = (name: string, condition: string) =>
        `rule ${name} { meta: m = "condition: x" strings: $a = "text of both" $b = { 74 /* } */ 65 78 74 } condition: ${condition} }`;
      const apart = ["small", "other"].map((name) => ({
        namespace: name,
        source: text(name, name === "small" ? `${bound} and any of them` : "all of them"),
      }));
      const together = [{ namespace: "n", source: apart.map(({ source }) => source).join("\n") }];
      for (const sources of [apart, together, apart.toReversed()])
        assert.deepEqual(
          results(engine, sources, content).map(({ rule, matches }) => [rule, matches.length]),
          [["other", 2]],
        );
    }
  });

  test(`${engine.name}: a broken rule is told with its source`, () => {
    const sources = [
      { namespace: "good", source: "rule a { condition: true }" },
      { namespace: "bad", source: "rule b { condition: nothing }" },
    ];
    assert.throws(() => engine.compile(sources), {
      code: "RULE_INVALID",
      message: /"bad".*unknown identifier `nothing`/s,
    });
    for (const source of [
      "rule x {",
      'include "/etc/passwd" rule a { condition: true }',
      "rule a { condition: a }",
    ]) {
      assert.throws(() => engine.compile([{ namespace: "n", source }]), { code: "RULE_INVALID" });
    }
  });

  test(`${engine.name}: no rules, no bytes`, () => {
    assert.deepEqual(results(engine, [], bytes("x")), []);
    assert.deepEqual(
      results(engine, [{ namespace: "n", source: "rule e { condition: filesize == 0 }" }], bytes("")),
      [{ namespace: "n", rule: "e", matches: [] }],
    );
  });

  test(`${engine.name}: a flood of places is cut, but counted by the rule`, () => {
    const source = 'rule many { strings: $a = "a" condition: #a == 5000 }';
    const [found] = results(engine, [{ namespace: "n", source }], bytes("a".repeat(5000)));
    assert.equal(found?.matches.length, MAX_REPORTED_MATCHES);
  });

  test(`${engine.name}: closed rules refuse`, () => {
    const rules = engine.compile([{ namespace: "n", source: "rule a { condition: true }" }]);
    rules.close();
    rules.close();
    assert.throws(() => rules.scan(bytes("x")), { code: "TOOL_FAILED" });
  });
}

test("both tell the same of a broken rule", () => {
  const message = (engine: RuleEngine, source: string) => {
    try {
      engine.compile([{ namespace: "n", source }]);
    } catch (error) {
      return (error as Error).message;
    }
    return null;
  };
  for (const source of [
    "rule a {",
    "rule a { condition: b }",
    "rule a { strings: $a = /x}y/ condition: $a and c }",
    "rule a { strings: $a = /a*/ condition: $a }",
  ]) {
    assert.equal(message(native, source), message(wasm, source));
    assert.notEqual(message(native, source), null);
  }
});

test("both find the same in random bytes by random rules", () => {
  const letter = fc.constantFrom(..."ab\0\xff0");
  const content = fc.array(letter, { maxLength: 200 }).map((letters) => bytes(letters.join("")));
  const hexByte = fc.constantFrom("61", "62", "00", "ff", "30", "??", "6?", "[0-2]");
  const pattern = fc.oneof(
    fc.array(hexByte, { minLength: 1, maxLength: 4 }).map((middle) => `{ 61 ${middle.join(" ")} 62 }`),
    fc.constantFrom(
      '"ab"',
      '"ba" wide',
      '"AB" nocase',
      '"ab" fullword',
      '"aab" xor',
      "/a+b/",
      "/a[^b]{1,3}/s",
      "/b$/",
    ),
  );
  const condition = fc.constantFrom(
    "any of them",
    "all of them",
    "#p0 > 2",
    "$p0 at 0",
    "filesize > 20 and $p0",
    "uint16(0) == 0x6161 and any of them",
  );
  const rule = fc
    .tuple(fc.array(pattern, { minLength: 1, maxLength: 3 }), condition)
    .map(([patterns, when]) => {
      const strings = patterns.map((text, index) => `$p${index} = ${text}`).join("\n");
      return `rule r { strings: ${strings} condition: (${when}) and for all of them : ($ or true) }`;
    });
  fc.assert(
    fc.property(
      fc.array(rule, { minLength: 1, maxLength: 3 }),
      fc.array(content, { minLength: 1, maxLength: 4 }),
      (rules, contents) => {
        const sources = rules.map((source, index) => ({ namespace: `n${index}`, source }));
        const one = native.compile(sources);
        const other = wasm.compile(sources);
        try {
          const alone = sources.map((source) => native.compile([source]));
          for (const each of contents) {
            assert.deepEqual(one.scan(each), other.scan(each));
            assert.deepEqual(
              one.scan(each),
              alone.flatMap((rules) => rules.scan(each)),
            );
          }
          for (const rules of alone) rules.close();
        } finally {
          one.close();
          other.close();
        }
      },
    ),
    { numRuns: 30 },
  );
});

test("the WebAssembly engine gives memory back", () => {
  const source = Array.from(
    { length: 200 },
    (_, at) => `rule r${at} { strings: $a = "text${at}" condition: $a }`,
  );
  const content = new Uint8Array(1 << 20);
  const before = process.memoryUsage().arrayBuffers + process.memoryUsage().external;
  for (let round = 0; round < 30; round++) {
    const rules = wasm.compile([{ namespace: "n", source: source.join("\n") }]);
    for (let scan = 0; scan < 3; scan++) rules.scan(content);
    rules.close();
  }
  const grown = process.memoryUsage().arrayBuffers + process.memoryUsage().external - before;
  assert.ok(grown < 64 << 20, `${grown} bytes more than before`);
});

test("the native engine ends a scan that takes too long, and works on", () => {
  const source = `rule slow { condition: for all i in (0..filesize-1) : (for all j in (0..filesize-1) :
    (for all k in (0..filesize-1) : (uint8(i) + uint8(j) + uint8(k) >= 0))) }`;
  const rules = native.compile([{ namespace: "n", source }], { timeoutMs: 200 });
  assert.throws(() => rules.scan(new Uint8Array(1 << 20)), { code: "TOOL_FAILED" });
  assert.equal(rules.scan(bytes("abc")).length, 1);
});
