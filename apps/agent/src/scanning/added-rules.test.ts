import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Logger } from "@thymus/contracts";
import { AddedRules } from "./added-rules.ts";

test("added rules are compiled apart; a set that takes too long, or is none, is told once and tried again when it changes", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "thymus-added-"));
  t.after(() => rm(folder, { recursive: true }));
  const warned: string[] = [];
  const log: Logger = {
    info() {},
    warn: (message, fields) => warned.push(`${message} ${fields?.rules}`),
    error() {},
  };
  const [good, bad] = [join(folder, "good.yar"), join(folder, "bad.yar")];
  await writeFile(good, 'import "hash"\nrule good { condition: filesize > 0 }');
  const added = new AddedRules({ paths: [good, bad], log, signal: new AbortController().signal });
  const names = async () => (await added.load()).map(({ namespace }) => namespace);
  assert.deepEqual(await names(), ["good.yar"]);
  assert.deepEqual(await names(), ["good.yar"]);
  assert.equal(added.notices().length, 1);
  assert.match(added.notices()[0]!, /bad\.yar are not used until they change/);
  assert.deepEqual(warned, [`added rules are not used ${bad}`]);
  await writeFile(bad, 'rule now { strings: $a = "x" condition: $a and filesize < 9 }');
  assert.deepEqual(await names(), ["good.yar", "bad.yar"]);
  assert.deepEqual(added.notices(), []);
  added.drop("together they are too many");
  assert.deepEqual(await names(), []);
  assert.equal(added.notices().length, 2);

  const hasty = new AddedRules({ paths: [good], log, signal: new AbortController().signal, timeoutMs: 1 });
  assert.deepEqual(await hasty.load(), []);
  assert.match(hasty.notices()[0]!, /took more than 0\.001 seconds/);
});
