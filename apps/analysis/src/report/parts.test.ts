import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { hexRows, readable } from "./hex.ts";
import { shallowJson } from "./json.ts";
import { escapeHtml, html } from "./markup.ts";
import { processTree, treeLines } from "./process-tree.ts";
import { repairWords } from "./repair-words.ts";
import { size } from "./words.ts";
import { highlightYara } from "./yara.ts";

test("only what is written in the source is markup", () => {
  assert.equal(
    html`<b>${"<i>"}</b>${html`<u>${1}</u>`}${null}${false}${[html`a`, html`b`]}`.text,
    "<b>&lt;i&gt;</b><u>1</u>ab",
  );
  // An object from elsewhere that has a text is no markup: it is refused, not trusted.
  assert.throws(() => html`${{ text: "<script>" } as never}`);
  assert.equal(escapeHtml(`<a href="x">'&`), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
  assert.equal(escapeHtml("a\u202eb\u0000c\u2028d\ud800"), "a\ufffdb\ufffdc\ufffdd\ufffd");
  assert.equal(escapeHtml(`e${"\u0301".repeat(40)}`), `e${"\u0301".repeat(3)}\ufffd`);
});

const process = (pid: number, ppid: number | null, started: number, command = "sh") => ({
  ...{ pid, ppid, command, started, ended: started + 1, did: { exec: 1 } },
});

test("a process tree holds every process once, however they name their parents", () => {
  const some = fc.record({ pid: fc.nat(8), ppid: fc.option(fc.nat(8)), started: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(some, { maxLength: 60 }), (list) => {
      const lines = treeLines(processTree(list.map(({ pid, ppid, started }) => process(pid, ppid, started))));
      assert.equal(
        lines.reduce((sum, { node }) => sum + node.times, 0),
        list.length,
      );
      assert.ok(lines.every(({ depth }) => depth <= 8));
    }),
  );
  const chain = Array.from({ length: 300 }, (_, index) => process(index + 1, index, index));
  assert.equal(treeLines(processTree(chain)).length, 300);
});

test("siblings that did the same are one line, a number given anew is another process", () => {
  const lines = treeLines(
    processTree([process(1, null, 0), process(2, 1, 1, "ls"), process(2, 1, 2, "ls"), process(3, 2, 3)]),
  );
  assert.deepEqual(
    lines.map(({ node, depth }) => [node.process.command, node.times, depth]),
    [
      ["sh", 1, 0],
      ["ls", 1, 1],
      ["ls", 1, 1],
      ["sh", 1, 2],
    ],
  );
  const bomb = treeLines(
    processTree([
      process(1, null, 0),
      ...Array.from({ length: 250 }, (_, index) => process(index + 2, 1, 1)),
    ]),
  );
  assert.deepEqual(
    bomb.map(({ node }) => node.times),
    [1, 250],
  );
});

test("bytes become rows of a dump, and text only where they are text", () => {
  const [first, second] = hexRows("41".repeat(18), 32);
  assert.deepEqual(first, {
    left: "41 41 41 41 41 41 41 41",
    right: "41 41 41 41 41 41 41 41",
    text: "A".repeat(16),
    offset: 32,
  });
  assert.deepEqual(second, { left: "41 41", right: "", text: "AA", offset: 48 });
  assert.equal(readable(Buffer.from("größe\n").toString("hex")), "größe\n");
  assert.equal(readable("7f454c4600"), null);
  assert.equal(
    readable(Buffer.from("a rather long line and half an €").subarray(0, -1).toString("hex"))?.slice(0, 6),
    "a rath",
  );
});

test("a highlighted rule is the rule", () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom('"', "\\", "{", "}", "/", "*", "$a", " ", "rule ", "=", "\n", "<", "4d"),
      }),
      (rule) => {
        const text = highlightYara(rule).text.replace(/<[^>]*>/g, "");
        assert.equal(text, escapeHtml(rule));
      },
    ),
  );
});

test("sizes and recipes are said as a person says them", () => {
  assert.deepEqual([0, 1, 9999, 12_345, 999_499, 999_600, 1.84e9, 9e15].map(size), [
    ...["0 bytes", "1 byte", "9,999 bytes", "12 kB", "999 kB", "1.0 MB", "1.8 GB", "9000 TB"],
  ]);
  const words = repairWords({
    identify: { types: ["elf64"], anchor: "00ff", minSize: 64, checks: [] },
    steps: [
      {
        op: "put",
        at: { from: "start", plus: 24 },
        from: { copy: { from: "end", plus: -8 }, length: 8, decode: [{ kind: "base64" }] },
      },
      {
        op: "truncate",
        at: { from: "end", plus: { read: { from: "end", plus: -4 }, width: 4, order: "little", times: -1 } },
      },
    ],
    expect: { types: ["elf64"], minSize: 64 },
  });
  assert.match(
    words[1]!,
    /^Write a copy of 8 bytes that the infection kept at 8 bytes before the end of the file, decoded from base64, at 24 bytes after the start of the file\.$/,
  );
  assert.match(words[2]!, /minus the number in 4 bytes at 4 bytes before the end of the file/);
});

test("a recipe in lines is the same recipe", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) =>
      assert.deepEqual(JSON.parse(shallowJson(value)), JSON.parse(JSON.stringify(value))),
    ),
  );
});
