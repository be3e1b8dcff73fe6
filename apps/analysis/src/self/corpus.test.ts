import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { TEMPORARY_PREFIX } from "@thymus/store";
import { buildCorpus } from "./build.ts";
import { openCorpus } from "./corpus.ts";
import { layout } from "./files/layout.ts";

const rule = { namespace: "candidate", source: 'rule marker { strings: $a = "MARKER" condition: $a }' };

/** 600 files of goodware, in more than one batch; every tenth holds the marker. */
function goodware(t: TestContext): { root: string; good: string } {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "thymus-self-")));
  t.after(() => rmSync(root, { recursive: true }));
  const good = join(root, "good");
  for (let at = 0; at < 600; at++) {
    if (at % 100 === 0) mkdirSync(join(good, `${at / 100}`), { recursive: true });
    const text = `#!/bin/sh\n# program ${at}\necho "the quick brown fox ${at}" | sort\n${at % 10 ? "" : "MARKER"}\n`;
    writeFileSync(join(good, `${Math.floor(at / 100)}`, `p${at}.sh`), text, { mode: 0o644 });
  }
  return { root, good };
}

test("what a killed build left half written is gone after the next", async (t) => {
  const { root, good } = goodware(t);
  const dir = join(root, "corpus");
  await buildCorpus({ dir, sources: [good] });
  const before = readdirSync(dir).sort();
  writeFileSync(join(dir, `${TEMPORARY_PREFIX}unfinished-new.abs-0123456789abcdef`), "half");
  await buildCorpus({ dir, sources: [good] });
  assert.deepEqual(readdirSync(dir).sort(), before);
});

test("learns, opens and scans every file", async (t) => {
  const { root, good } = goodware(t);
  const dir = join(root, "corpus");
  const manifest = await buildCorpus({ dir, sources: [good] });
  assert.equal(manifest.files, 600);
  assert.deepEqual(manifest.sources, [good]);
  const corpus = await openCorpus(dir);
  assert.deepEqual(corpus.manifest, manifest);
  const before = readdirSync(dir).sort();
  for (const engine of ["native", "wasm"] as const) {
    if (engine === "wasm")
      for (let at = 1; at < 6; at++) rmSync(join(good, `${at}`), { recursive: true, force: true });
    const result = await corpus.scan([rule], { engine });
    const files = engine === "native" ? 600 : 100;
    assert.equal(result.files, files);
    assert.equal(result.gone, 600 - files);
    assert.equal(result.hits.length, files / 10);
    assert.deepEqual([result.changed, result.unreadable], [0, 0]);
    assert.deepEqual(result.hits[0], { namespace: "candidate", rule: "marker", path: join(good, "0/p0.sh") });
  }
  assert.deepEqual(readdirSync(dir).sort(), before);
  assert.equal((await corpus.scan([rule], { scope: ["elf64"] })).files, 0);
  const known = corpus.logProbability(Buffer.from('echo "the quick brown'));
  assert.ok(
    known >
      corpus.logProbability(
        Buffer.from("\x8f\x01\x9cq#\x77\xee\x00\x13zz\xf4[\x05\xc1\xaa\x0f$u\x99\x10", "latin1"),
      ),
  );
});

test("changed files are told apart and not scanned", async (t) => {
  const { root, good } = goodware(t);
  const dir = join(root, "corpus");
  await buildCorpus({ dir, sources: [good] });
  appendFileSync(join(good, "0/p1.sh"), "MARKER");
  rmSync(join(good, "0/p2.sh"));
  const result = await (await openCorpus(dir)).scan([rule]);
  assert.deepEqual([result.files, result.changed, result.gone, result.hits.length], [598, 1, 1, 60]);
});

test("a rule that cannot be applied in time is no proof of harmlessness", async (t) => {
  const { root, good } = goodware(t);
  const dir = join(root, "corpus");
  writeFileSync(join(good, "large"), Buffer.alloc(1 << 20, "SLOW "));
  await buildCorpus({ dir, sources: [good] });
  const source = `rule slow { strings: $s = "SLOW" condition: $s and for all i in (0..filesize-1) : (
    for all j in (0..filesize-1) : (for all k in (0..filesize-1) : (uint8(i) + uint8(j) + uint8(k) >= 0))) }`;
  const corpus = await openCorpus(dir);
  await assert.rejects(corpus.scan([{ namespace: "n", source }], { timeoutMs: 200 }), {
    code: "TOOL_FAILED",
  });
  await assert.rejects(corpus.scan([{ namespace: "n", source: "rule" }]), { code: "RULE_INVALID" });
  await assert.rejects(corpus.scan([rule], { signal: AbortSignal.abort() }), { code: "INTERRUPTED" });
});

test("the files may be seen under another root", async (t) => {
  const { root, good } = goodware(t);
  const dir = join(root, "corpus");
  await buildCorpus({ dir, sources: [good] });
  const elsewhere = join(root, "elsewhere");
  mkdirSync(join(elsewhere, root), { recursive: true });
  spawnSync("cp", ["-a", good, join(elsewhere, root)]);
  rmSync(good, { recursive: true });
  const result = await (await openCorpus(dir, { rootPrefix: elsewhere })).scan([rule]);
  assert.equal(result.files, 600);
  assert.equal(result.hits[0]?.path, join(good, "0/p0.sh"));
});

test("the same files give the same corpus, however often it was interrupted", async (t) => {
  const { root, good } = goodware(t);
  const whole = await buildCorpus({ dir: join(root, "whole"), sources: [good] });
  const dir = join(root, "interrupted");
  const control = new AbortController();
  const stopped = buildCorpus({
    dir,
    sources: [good],
    workers: 1,
    signal: control.signal,
    onProgress: (step) => step === "reading goodware" && control.abort(),
  });
  await assert.rejects(stopped, { code: "INTERRUPTED" });
  await assert.rejects(openCorpus(dir), { code: "CORPUS_MISSING" });
  const unfinished = layout(dir).journal(null);
  assert.ok(readFileSync(unfinished, "utf8").trim().split("\n").length >= 256);
  appendFileSync(unfinished, '["torn');
  const totals: number[] = [];
  const resumed = await buildCorpus({
    dir,
    sources: [good],
    onProgress: (step, _done, total) => step === "reading goodware" && totals.push(total),
  });
  assert.ok(totals.every((total) => total <= 600 - 256));
  assert.equal(resumed.digest, whole.digest);
  assert.deepEqual([resumed.model, resumed.index], [whole.model, whole.index]);
  assert.deepEqual(readdirSync(dir).length, 6);
});

for (const point of [
  "analysis.corpus.filter-saved",
  "analysis.corpus.read",
  "analysis.corpus.before-manifest",
]) {
  test(`killed at ${point} and started again gives the same corpus`, async (t) => {
    const { root, good } = goodware(t);
    const whole = await buildCorpus({ dir: join(root, "whole"), sources: [good] });
    const dir = join(root, "killed");
    const build = new URL("./build.ts", import.meta.url).href;
    const script = `import { buildCorpus } from ${JSON.stringify(build)};
      await buildCorpus(${JSON.stringify({ dir, sources: [good], saveSeconds: 0 })});`;
    const killed = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      env: { ...process.env, THYMUS_FAILPOINT: point, THYMUS_FAILPOINT_ONCE: join(root, "once") },
    });
    assert.equal(killed.signal, "SIGKILL", killed.stderr.toString());
    await assert.rejects(openCorpus(dir), { code: "CORPUS_MISSING" });
    const resumed = await buildCorpus({ dir, sources: [good] });
    assert.deepEqual(
      [resumed.digest, resumed.model, resumed.index],
      [whole.digest, whole.model, whole.index],
    );
  });
}

test("what has the same size and time is not read again; what changed is", async (t) => {
  const { root, good } = goodware(t);
  const dir = join(root, "corpus");
  const first = await buildCorpus({ dir, sources: [good] });
  assert.equal((await buildCorpus({ dir, sources: [good] })).digest, first.digest);
  const path = join(good, "0/p1.sh");
  const { atime, mtime, mtimeMs } = statSync(path);
  const content = readFileSync(path, "utf8").replace("quick", "slow!");
  writeFileSync(path, content);
  utimesSync(path, atime, mtime);
  if (statSync(path).mtimeMs !== mtimeMs) utimesSync(path, atime, new Date(Math.floor(mtimeMs)));
  const totals: number[] = [];
  const onProgress = (step: string, _done: number, total: number) =>
    void (step === "reading goodware" && totals.push(total));
  writeFileSync(join(good, "0/p3.sh"), "#!/bin/sh\n# another\n");
  const second = await buildCorpus({ dir, sources: [good], onProgress });
  assert.notEqual(second.digest, first.digest);
  assert.ok(totals[0]! <= 2);
  assert.equal(readdirSync(dir).length, 6);
});

test("a model that an older version learned is read, and learned anew by the next build", async (t) => {
  const { root, good } = goodware(t);
  const dir = join(root, "corpus");
  const manifest = await buildCorpus({ dir, sources: [good] });
  const { model } = layout(dir);
  const older = readFileSync(model(manifest.model.sha256));
  older.writeUInt32LE(1, 4);
  const sha256 = createHash("sha256").update(older).digest("hex");
  writeFileSync(model(sha256), older);
  writeFileSync(layout(dir).manifest, JSON.stringify({ ...manifest, model: { ...manifest.model, sha256 } }));
  assert.ok((await openCorpus(dir)).logProbability(Buffer.from("the quick brown fox")) < 0);
  assert.deepEqual((await buildCorpus({ dir, sources: [good] })).model, manifest.model);
});

test("the limit of bytes keeps as many files as possible", async (t) => {
  const { root, good } = goodware(t);
  writeFileSync(join(good, "large.bin"), Buffer.alloc(1 << 20));
  const manifest = await buildCorpus({ dir: join(root, "corpus"), sources: [good], maxBytes: 1 << 19 });
  assert.equal(manifest.files, 600);
  assert.ok(manifest.bytes <= 1 << 19);
});

test("a missing or damaged corpus is told with what to do", async (t) => {
  const { root, good } = goodware(t);
  const dir = join(root, "corpus");
  const hint = { code: "CORPUS_MISSING", hint: /thymus corpus build/ };
  await assert.rejects(openCorpus(dir), hint);
  await assert.rejects(buildCorpus({ dir, sources: [join(root, "nothing")] }), { code: "NOT_FOUND" });
  mkdirSync(join(root, "empty"));
  await assert.rejects(buildCorpus({ dir, sources: [join(root, "empty")] }), { code: "CORPUS_MISSING" });
  await buildCorpus({ dir, sources: [good] });
  const model = join(dir, readdirSync(dir).find((name) => name.startsWith("model-"))!);
  const list = join(dir, readdirSync(dir).find((name) => name.startsWith("files-"))!);
  const bytes = readFileSync(model);
  bytes[1000]! ^= 1;
  writeFileSync(model, bytes);
  const corpus = await openCorpus(dir);
  assert.throws(() => corpus.logProbability(bytes.subarray(0, 9)), hint);
  writeFileSync(list, readFileSync(list, "utf8").replace("p1.sh", "p_.sh"));
  await assert.rejects(openCorpus(dir), hint);
  await buildCorpus({ dir, sources: [good] });
  assert.ok((await openCorpus(dir)).logProbability(bytes.subarray(0, 9)) < 0);
});
