import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { buildCorpus } from "../build.ts";
import { openCorpus } from "../corpus.ts";
import { layout } from "../files/layout.ts";

/** A little goodware, and a folder so large that the index with it has another size. */
function goodware(t: TestContext) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "thymus-unfinished-")));
  t.after(() => rmSync(root, { recursive: true }));
  const [good, big] = [join(root, "good"), join(root, "big")];
  for (const folder of [good, big]) mkdirSync(folder);
  for (let at = 0; at < 3; at++) writeFileSync(join(good, `${at}`), randomBytes(20_000));
  writeFileSync(join(big, "large"), randomBytes(1_500_000));
  return { root, good, big, dir: join(root, "corpus") };
}

/** A build that is stopped when it has read, and noted, what it had to read. */
async function cut(dir: string, sources: string[]): Promise<void> {
  const control = new AbortController();
  const onProgress = (step: string) => step === "reading goodware" && control.abort();
  const stopped = buildCorpus({ dir, sources, modelBytes: 4096, onProgress, signal: control.signal });
  await assert.rejects(stopped, { code: "INTERRUPTED" });
}

test("what another interrupted build has read is not taken for read by this one", async (t) => {
  const { root, good, big, dir } = goodware(t);
  await buildCorpus({ dir, sources: [good], modelBytes: 4096 });
  // Begins with nothing, for it needs a larger index.
  await cut(dir, [good, big]);
  const later = randomBytes(20_000);
  writeFileSync(join(good, "later"), later);
  // Adds to the corpus that is there.
  await cut(dir, [good]);
  const both = { sources: [good, big], modelBytes: 4096 };
  const { made: _, ...manifest } = await buildCorpus({ dir, ...both });
  assert.equal((await openCorpus(dir)).absent!(later), false);
  const { made: _made, ...whole } = await buildCorpus({ dir: join(root, "whole"), ...both });
  assert.deepEqual(manifest, whole);
});

test("the corpus has its index also while a build puts the same one there again", async (t) => {
  const { root, good, dir } = goodware(t);
  const build = { dir, sources: [good], modelBytes: 4096 };
  const { labels: _, ...older } = await buildCorpus(build);
  // Without labels nothing can be added to: all is read anew, and the same index comes out.
  writeFileSync(layout(dir).manifest, JSON.stringify(older));
  const script = `import { buildCorpus } from ${JSON.stringify(new URL("../build.ts", import.meta.url).href)};
    await buildCorpus(${JSON.stringify(build)});`;
  const killed = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    env: {
      ...process.env,
      THYMUS_FAILPOINT: "analysis.corpus.before-index",
      THYMUS_FAILPOINT_ONCE: join(root, "once"),
    },
  });
  assert.equal(killed.signal, "SIGKILL", killed.stderr.toString());
  const corpus = await openCorpus(dir);
  assert.equal(corpus.absent!(readFileSync(join(good, "1"))), false);
  assert.equal(corpus.absent!(randomBytes(100)), true);
  assert.equal((await buildCorpus(build)).index?.sha256, older.index?.sha256);
});
