import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Row } from "../run/row.ts";
import { publish } from "./publish.ts";
import { goodwareTable, sums, tables } from "./tables.ts";

const row: Row = {
  ...{
    tier: "B",
    name: "one",
    tool: "thymus",
    samples: 12,
    rule: "rule a { condition: false }",
    scope: null,
  },
  ...{
    refused: null,
    found: { learned: [12, 12], "known hosts": [11, 12], "unknown hosts": [10, 12] },
    wrong: ["x"],
  },
  ...{
    clean: 40,
    repaired: [9, 21],
    rebuilt: [20, 21],
    repairedWrong: 2,
    cpuSeconds: 1,
    seconds: 1,
    note: "constant",
  },
};

test("what was lost is printed like what was won", () => {
  const { rebuilt: _, ...rest } = row;
  const refused: Row = {
    ...rest,
    name: "two",
    rule: null,
    refused: "too little | of it",
    found: { "known hosts": [0, 12] },
    wrong: [],
    repaired: null,
    repairedWrong: 0,
  };
  const text = sums([row, refused]) + tables([row, refused]);
  assert.match(text, /\| B \| thymus \| 2 \| 1 \| 0 \| 21 of 36 /);
  assert.match(text, /\| 1 of 40 \|.*\| 9 of 21 \| 20 of 21 \| 2 \|/);
  assert.match(text, /\| two \| thymus \| 12 \| refused \| - \|.*too little \\\| of it/);
  const right = sums([row, { ...refused, note: "nothing is constant" }]);
  assert.match(right, /\| B \| thymus \| 2 \| 1 \| 1 \| 21 of 24 /);
});

test("a bound stands by every zero", () => {
  const text = goodwareTable(
    {
      files: 300_000,
      bytes: 1e9,
      seconds: 1,
      rules: 2,
      kinds: { elf: 20_000, script: 50_000, rest: 230_000 },
      hits: [],
      errors: 0,
    },
    "test",
  );
  assert.match(text, /\| thymus \| all \| 300000 \| 0 \| 10\.0 \|/);
  assert.match(text, /\| thymus \| elf \| 20000 \| 0 \| 149\.8 \|/);
});

test("results replace what stood between the markers", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "thymus-publish-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "x.md");
  writeFileSync(file, "# Title\n\nText.\n");
  await publish(file, "first");
  await publish(file, "second");
  const text = readFileSync(file, "utf8");
  assert.match(text, /^# Title\n\nText\.\n\n<!--/);
  assert.ok(text.includes("second") && !text.includes("first"));
});
