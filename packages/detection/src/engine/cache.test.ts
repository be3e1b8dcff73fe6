import assert from "node:assert/strict";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { compileCached } from "./cache.ts";
import { loadEngine } from "./load.ts";

const sources = [{ namespace: "n", source: 'rule a { strings: $a = "abc" condition: $a }' }];
const content = new Uint8Array(Buffer.from("xxabc"));

test("compiled rules are kept, used again, and a damaged file is replaced", async (t) => {
  const root = mkdtempSync(join(tmpdir(), "thymus-cache-"));
  t.after(() => rmSync(root, { recursive: true }));
  const folder = join(root, "rules");
  const engine = await loadEngine("native");
  const expected = engine.compile(sources).scan(content);
  assert.deepEqual(compileCached(engine, sources, folder).scan(content), expected);
  const names = readdirSync(folder);
  assert.equal(names.length, 1);
  const file = join(folder, names[0]!);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const good = readFileSync(file);
  assert.deepEqual(compileCached(engine, sources, folder).scan(content), expected);

  truncateSync(file, 100);
  assert.deepEqual(compileCached(engine, sources, folder).scan(content), expected);
  assert.deepEqual(readFileSync(file).length, good.length);
  writeFileSync(file, "x");
  assert.deepEqual(compileCached(engine, sources, folder).scan(content), expected);

  compileCached(engine, [...sources, { namespace: "m", source: "rule b { condition: true }" }], folder);
  assert.equal(readdirSync(folder).length, 2);
});
