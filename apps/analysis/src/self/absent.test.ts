import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { buildCorpus } from "./build.ts";
import { openCorpus } from "./corpus.ts";

const steps = (totals: number[]) => (step: string, _done: number, total: number) =>
  void (step === "reading goodware" && totals.push(total));

/** Twenty files of 1 to 40 KB. */
function goodware(t: TestContext) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "thymus-absent-")));
  t.after(() => rmSync(root, { recursive: true }));
  const good = join(root, "good");
  mkdirSync(good);
  for (let at = 0; at < 20; at++) writeFileSync(join(good, `${at}`), randomBytes(1000 + at * 2000));
  return { good, dir: join(root, "corpus"), small: { sources: [good], modelBytes: 4096 } };
}

test("nothing that stands in a file of self is absent; what is strange is", async (t) => {
  const { good, dir, small } = goodware(t);
  await buildCorpus({ dir, ...small });
  const corpus = await openCorpus(dir);
  for (const name of readdirSync(good)) {
    const file = readFileSync(join(good, name));
    for (let at = 0; at + 16 <= file.length; at += 13)
      assert.equal(corpus.absent!(file.subarray(at, at + 16 + (at % 50))), false);
  }
  let told = 0;
  for (let run = 0; run < 200; run++) if (corpus.absent!(randomBytes(24))) told++;
  assert.ok(told > 190, `${told}`);
});

test("few changes are added to the index; after many it is made anew; without one nothing is absent", async (t) => {
  const { good, dir, small } = goodware(t);
  const first = await buildCorpus({ dir, ...small });
  const gone = readFileSync(join(good, "1"));
  rmSync(join(good, "1"));
  const added = randomBytes(5000);
  writeFileSync(join(good, "new"), added);
  const totals: number[] = [];
  const second = await buildCorpus({ dir, ...small, onProgress: steps(totals) });
  assert.deepEqual(totals, [1]);
  assert.deepEqual([first.index?.staleBytes, second.index?.staleBytes], [0, gone.length]);
  const corpus = await openCorpus(dir);
  assert.ok(!corpus.absent!(added) && !corpus.absent!(gone));

  for (let at = 10; at < 18; at++) rmSync(join(good, `${at}`));
  const third = await buildCorpus({ dir, ...small, onProgress: steps(totals) });
  assert.equal(totals[1], 12);
  assert.equal(third.index?.staleBytes, 0);
  assert.ok((await openCorpus(dir)).absent!(gone));

  const { index: _, ...older } = third;
  writeFileSync(join(dir, "manifest.json"), JSON.stringify(older));
  assert.equal((await openCorpus(dir)).absent, undefined);
  assert.deepEqual((await buildCorpus({ dir, ...small })).index, third.index);
});

test("a damaged index is refused, and made anew by the next build", async (t) => {
  const { dir, small } = goodware(t);
  const { index } = await buildCorpus({ dir, ...small });
  const path = join(dir, readdirSync(dir).find((name) => name.endsWith(".abs"))!);
  const bytes = readFileSync(path);
  bytes[1000]! ^= 1;
  writeFileSync(path, bytes);
  const corpus = await openCorpus(dir);
  assert.throws(() => corpus.absent!(randomBytes(20)), {
    code: "CORPUS_MISSING",
    hint: /thymus corpus build/,
  });
  assert.deepEqual((await buildCorpus({ dir, ...small })).index, index);
  assert.ok((await openCorpus(dir)).absent!(randomBytes(40)));
});
