import assert from "node:assert/strict";
import { test } from "node:test";
import type { Repair, ScriptPattern } from "@thymus/contracts";
import fc from "fast-check";
import { applyRepair } from "../apply.ts";

const pattern = (changes: Partial<ScriptPattern> = {}): ScriptPattern => ({
  language: "python",
  statements: [
    [{ name: true }, { is: "=" }, { text: "copper lantern fern" }],
    [{ name: true }, { is: "=" }, { number: 4711 }],
    [{ is: "str" }, { is: "(" }, { name: true }, { is: ")" }],
  ],
  order: "any",
  blanks: true,
  remarks: { open: "# ", numbered: true },
  lead: 1,
  start: "line",
  end: "line",
  empty: "never",
  counted: null,
  behind: null,
  ...changes,
});

const recipe = (script: ScriptPattern, anchor: string): Repair => ({
  identify: { types: ["python"], anchor: Buffer.from(anchor).toString("hex"), minSize: 0, checks: [] },
  steps: [{ op: "strip", script }],
  expect: { types: ["python"], minSize: 0 },
});

const strip = (script: ScriptPattern, text: string, anchor = "4711") =>
  Buffer.from(applyRepair(recipe(script, anchor), Buffer.from(text, "latin1"), "python")).toString("latin1");

const name = fc.stringMatching(/^[a-z_][a-z0-9_]{0,12}$/);
const blank = fc.constantFrom("", " ", "  ", "\t");
const split = (text: string, at: number, glue: string) => `"${text.slice(0, at)}"${glue}"${text.slice(at)}"`;
const body = fc
  .record({
    names: fc.array(name, { minLength: 3, maxLength: 3 }),
    ...{ blanks: fc.array(blank, { minLength: 8, maxLength: 8 }), at: fc.integer({ min: 0, max: 19 }) },
    ...{
      order: fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
      joined: fc.boolean(),
      remark: fc.boolean(),
    },
  })
  .map(({ names: [a, b, c], blanks: s, at, order, joined, remark }) => {
    const statements = [
      `${a}${s[0]}=${s[1]}${split("copper lantern fern", at, `${s[2]}+${s[3]}`)}`,
      `${b}${s[4]}=${s[5]}4711`,
      `str${s[6]}(${c}${s[7]})`,
    ];
    const lead = remark ? "# amber fallow 12\n" : "";
    return `${lead}${order.map((i) => statements[i]).join(joined ? "; " : "\n")}\n`;
  });
const lines = fc.array(fc.stringMatching(/^[ -~]{0,30}$/), { maxLength: 12 });

test("whatever its names, blanks, order and parts are, the body goes and the host stays, or a remark is in doubt", () => {
  fc.assert(
    fc.property(body, lines, lines, (added, above, below) => {
      // Lines of the host that could be the body's own are another test's.
      const clean = (list: readonly string[]) =>
        list.filter((line) => !/4711|copper|^# .* \d+$/.test(line)).map((line) => `${line}\n`);
      const [head, tail] = [clean(above).join(""), clean(below).join("")];
      const whole = head + added + tail;
      if (!added.startsWith("#")) assert.equal(strip(pattern(), whole), head + tail);
      else assert.throws(() => strip(pattern(), whole), { code: "REPAIR_REFUSED" });
      // Behind what it knows, it is clear where it begins.
      const tied = pattern({ behind: Buffer.from("\nimport os\n").toString("hex") });
      assert.equal(strip(tied, `\nimport os\n${whole.slice(head.length)}`), `\nimport os\n${tail}`);
    }),
    { numRuns: 300 },
  );
});

const plain = `a = "copper lantern fern"\nb = 4711\nstr(a)\n`;

test("the same statements once more, one missing or another between them are refused", () => {
  const refused = { code: "REPAIR_REFUSED" };
  const fixed = pattern({ order: "kept" });
  assert.equal(strip(fixed, `x\n${plain}y\n`), "x\ny\n");
  assert.throws(() => strip(fixed, `b = 4711\na = "copper lantern fern"\nstr(a)\n`), refused);
  assert.throws(() => strip(pattern(), `${plain}${plain}`, "copper lantern fern"), refused);
  assert.throws(() => strip(pattern(), plain.replace("str(a)\n", "")), refused);
  assert.throws(() => strip(pattern(), plain.replace("str", "z = 1\nstr")), refused);
  assert.throws(() => strip(pattern(), plain.replace("4711", "47112"), "4711"), refused);
  assert.throws(() => strip(pattern(), plain.replace("str(a)", "str(a) or b")), refused);
});

test("a remark of the host right before it is never taken for one of its own", () => {
  const refused = { code: "REPAIR_REFUSED" };
  const own = `# since 2019\n${plain}y\n`;
  for (const remarks of [pattern().remarks, { open: "#", numbered: false }]) {
    for (const lead of [1, 3]) {
      assert.throws(() => strip(pattern({ remarks, lead }), `x\n${own}`), refused);
      assert.throws(() => strip(pattern({ remarks, lead }), own), refused);
    }
    assert.equal(strip(pattern({ remarks, lead: 0 }), `x\n${own}`), "x\n# since 2019\ny\n");
  }
  // Where each body begins with one line of remarks, a second is the host's.
  const led = pattern({ leastLead: 1 });
  assert.equal(strip(led, `x\n# host 1\n${own}`), "x\n# host 1\ny\n");
  assert.throws(() => strip(led, `x\n${plain}y\n`), refused);
  // So many lines: no other end fits.
  const counted = pattern({ order: "kept", counted: { lines: 4 } });
  assert.equal(strip(counted, `x\n${own}`), "x\ny\n");
  assert.throws(() => strip(counted, `x\n${own.replace("y", "# host 2")}`), refused);
});

test("a remark on a statement's own line is its own where the recipe knows such remarks", () => {
  const refused = { code: "REPAIR_REFUSED" };
  const told = `a = "copper lantern fern"\nb = 4711 # of 7, fern\nstr(a) # host-3.py\n`;
  const remarks = { open: "# ", numbered: false, beside: true } as const;
  const knows = pattern({ remarks, lead: 0 });
  assert.throws(() => strip(pattern({ remarks: { open: "# ", numbered: false }, lead: 0 }), told), refused);
  for (const text of [told, plain]) assert.equal(strip(knows, `x # 1\n${text}# 2\ny\n`), "x # 1\n# 2\ny\n");
  assert.throws(() => strip(knows, told.replace("4711 #", "4711#")), refused);
  assert.throws(() => strip(knows, told.replace("str(a) #", "str(a) or #")), refused);
  assert.equal(strip({ ...knows, end: "file" }, `x\n${told.trimEnd()}`), "x\n");
  assert.throws(() => strip({ ...knows, end: "file" }, `${told}# y\n`), refused);
});

test("an empty line behind it is the host's only where the body never has one", () => {
  assert.equal(strip(pattern(), `${plain}\nx\n`), "\nx\n");
  assert.throws(() => strip(pattern({ empty: "bare" }), `${plain}\nx\n`), { code: "REPAIR_REFUSED" });
  assert.equal(strip(pattern({ empty: "bare" }), `${plain.trimEnd()};  \n\nx\n`), "\nx\n");
  assert.throws(() => strip(pattern({ empty: "always" }), `${plain.trimEnd()};  \n\nx\n`), {
    code: "REPAIR_REFUSED",
  });
});

test("at the end, with the line break before it, and only behind what it knows", () => {
  const last = pattern({ end: "file" });
  assert.equal(strip(last, `x\n${plain}\n`), "x\n");
  assert.throws(() => strip(last, `${plain}x\n`), { code: "REPAIR_REFUSED" });
  assert.equal(strip(pattern({ start: "break" }), `x \n${plain}y\n`), "x y\n");
  const first = pattern({ start: "file" });
  assert.equal(strip(first, `# amber 12\n${plain}y\n`), "y\n");
  assert.throws(() => strip(first, `x\n${plain}y\n`), { code: "REPAIR_REFUSED" });
  const tied = pattern({ behind: Buffer.from("x\n").toString("hex") });
  assert.equal(strip(tied, `x\n${plain}y\n`), "x\ny\n");
  assert.throws(() => strip(tied, `y\n${plain}x\n`), { code: "REPAIR_REFUSED" });
});

test("a number in it tells how many lines it has", () => {
  const counting = pattern({
    order: "kept",
    statements: [
      [{ name: true }, { is: "=" }, { number: null }],
      [{ is: "str" }, { is: "(" }, { is: "4711" }, { is: ")" }],
    ],
    remarks: { open: "#", numbered: false },
    lead: 0,
    counted: { statement: 0, word: 2, plus: 1 },
  });
  assert.equal(strip(counting, "x\nn = 4\n# a\nstr(4711)\n# b\n\n# host\ny\n"), "x\n# host\ny\n");
  assert.equal(strip(counting, "x\nn = 1\nstr(4711)\n# host\n"), "x\n# host\n");
  for (const wrong of ["n = 9\nstr(4711)\n", "n = 2\nstr(4711)\ny\n", "n = 0\nstr(4711)\n"])
    assert.throws(() => strip(counting, wrong), { code: "REPAIR_REFUSED" });
});

test("lines go wherever they stand, each as often as it should", () => {
  const own = ["one of ours\n", ": #~\n"];
  const lined: Repair = {
    ...recipe(pattern(), own[0]!.trim()),
    steps: [
      {
        op: "lines",
        lines: [
          { line: own[0]!, times: 1 },
          { line: own[1]!, times: 2 },
        ],
      },
    ],
  };
  const given = (text: string) => Buffer.from(applyRepair(lined, Buffer.from(text), "python")).toString();
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[ -~]{0,20}$/)),
      fc.array(fc.nat(30), { minLength: 3, maxLength: 3 }),
      (host, at) => {
        const mixed = host.map((line) => `${line}\n`);
        const clean = mixed.join("");
        fc.pre(!own.some((line) => mixed.includes(line)) && !clean.includes(own[0]!.trim()));
        for (const [i, line] of [own[0]!, own[1]!, own[1]!].entries()) mixed.splice(at[i]!, 0, line);
        assert.equal(given(mixed.join("")), clean);
      },
    ),
  );
  assert.throws(() => given(own.join("")), { code: "REPAIR_REFUSED" });
  assert.throws(() => given(own.join("") + own[1] + own[1]), { code: "REPAIR_REFUSED" });
});

test("a file made to be compared for ever is refused", () => {
  const many = pattern({
    order: "kept",
    statements: Array.from({ length: 64 }, () => [{ name: true }, { is: "=" }, { text: null }]),
  });
  const line = `a="${"b".repeat(200)}"\n`;
  assert.throws(() => strip(many, `${line.repeat(300)}4711\n${line.repeat(3000)}`), {
    code: "REPAIR_REFUSED",
  });
  const one = `a=${'"b" + '.repeat(20_000)}`;
  assert.throws(() => strip(many, `${one}\n4711\n`), { code: "REPAIR_REFUSED" });
});
