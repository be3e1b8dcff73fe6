import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Finding, ThymusError } from "@thymus/contracts";
import { bundleSources } from "../bundle/bundle.ts";
import { type ScanPathsOptions, scanPaths } from "./scan-paths.ts";

const eicar = ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR", "STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].join("-");
const sources = [
  { namespace: "test", source: 'rule marker { strings: $a = "MARKER-OF-THE-TEST" condition: $a }' },
];

function folder(t: TestContext): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "thymus-scan-")));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

async function scan(options: Omit<ScanPathsOptions, "onFinding" | "onError" | "onSkip">) {
  const findings: Finding[] = [];
  const errors: [string, ThymusError][] = [];
  const skipped: string[] = [];
  const summary = await scanPaths({
    ...options,
    onFinding: (finding) => findings.push(finding),
    onError: (path, error) => errors.push([path, error]),
    onSkip: (path) => skipped.push(path),
  });
  return { findings, errors, skipped, summary };
}

test("a folder that is to be skipped is not entered", async (t) => {
  const dir = folder(t);
  for (const name of ["one", "two"]) {
    mkdirSync(join(dir, name));
    writeFileSync(join(dir, name, "file"), "MARKER-OF-THE-TEST");
  }
  const skip = (path: string) => path === join(dir, "two");
  const { findings, summary } = await scan({ paths: [dir], sources, skip });
  assert.equal(summary.files, 1);
  assert.deepEqual(
    findings.map(({ path }) => path),
    [join(dir, "one/file")],
  );
});

for (const engine of ["native", "wasm"] as const) {
  test(`${engine}: finds, counts and says where`, async (t) => {
    const dir = folder(t);
    mkdirSync(join(dir, "deep/er"), { recursive: true });
    const infected = "before MARKER-OF-THE-TEST after";
    writeFileSync(join(dir, "deep/er/one"), infected);
    writeFileSync(join(dir, "clean"), "clean");
    writeFileSync(join(dir, "empty"), "");
    const { findings, errors, summary } = await scan({ paths: [dir], sources, engine });
    assert.deepEqual(findings, [
      {
        path: join(dir, "deep/er/one"),
        sha256: createHash("sha256").update(infected).digest("hex"),
        prescription: null,
        family: null,
        rule: "marker",
        matches: [{ offset: 7, length: 18 }],
      },
    ]);
    assert.deepEqual(errors, []);
    const { seconds, ...counts } = summary;
    assert.deepEqual(counts, { files: 3, bytes: infected.length + 5, infected: 1, errors: 0 });
    assert.ok(seconds > 0);
  });
}

test("the EICAR text is found", async (t) => {
  const dir = folder(t);
  writeFileSync(join(dir, "eicar.com"), eicar);
  const source = 'rule eicar { strings: $a = "EICAR-STANDARD-ANTIVIRUS-TEST-FILE" condition: $a }';
  const { findings } = await scan({ paths: [join(dir, "eicar.com")], sources: [{ namespace: "e", source }] });
  assert.equal(findings[0]?.rule, "eicar");
});

test("a match counts only in files of the scope", async (t) => {
  const dir = folder(t);
  writeFileSync(join(dir, "a.sh"), "#!/bin/sh\n# MARKER-OF-THE-TEST\n");
  writeFileSync(join(dir, "a.txt"), "MARKER-OF-THE-TEST\n");
  const { findings, summary } = await scan({ paths: [dir], bundle: bundleSources(sources, ["shell"]) });
  assert.deepEqual(
    findings.map(({ path }) => path),
    [join(dir, "a.sh")],
  );
  assert.equal(summary.infected, 1);
  assert.equal(summary.files, 2);
});

test("links, FIFOs and sockets are passed over and never followed", async (t) => {
  const dir = folder(t);
  const outside = folder(t);
  writeFileSync(join(outside, "target"), "MARKER-OF-THE-TEST");
  symlinkSync(join(outside, "target"), join(dir, "link"));
  symlinkSync(outside, join(dir, "linked-folder"));
  symlinkSync(dir, join(dir, "loop"));
  execFileSync("mkfifo", [join(dir, "fifo")]);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(dir, "socket"), resolve));
  t.after(() => server.close());
  const { findings, errors, skipped, summary } = await scan({ paths: [dir], sources });
  assert.deepEqual(findings, []);
  assert.deepEqual(errors, []);
  assert.equal(skipped.length, 5);
  assert.equal(summary.files, 0);
});

test("what was named and cannot be scanned is an error", async (t) => {
  const dir = folder(t);
  writeFileSync(join(dir, "real"), "x");
  symlinkSync(join(dir, "real"), join(dir, "link"));
  const { errors, summary } = await scan({
    paths: [join(dir, "missing"), join(dir, "link"), join(dir, "real")],
    sources,
  });
  assert.deepEqual(
    errors.map(([, { code }]) => code),
    ["NOT_FOUND", "NOT_A_FILE"],
  );
  assert.equal(summary.errors, 2);
  assert.equal(summary.files, 1);
});

test("a file above the limit is told, not read", async (t) => {
  const dir = folder(t);
  writeFileSync(join(dir, "large"), "");
  truncateSync(join(dir, "large"), 1 << 30);
  writeFileSync(join(dir, "small"), "MARKER-OF-THE-TEST");
  const { errors, summary } = await scan({ paths: [dir], sources, maxFileBytes: 1 << 20 });
  assert.deepEqual(
    errors.map(([path, { code }]) => [path, code]),
    [[join(dir, "large"), "TOO_LARGE"]],
  );
  assert.equal(summary.infected, 1);
  assert.equal(summary.bytes, 18);
});

for (const engine of ["native", "wasm"] as const) {
  test(`${engine}: one file that never ends is an error, the others are scanned`, async (t) => {
    const dir = folder(t);
    for (let at = 0; at < 10; at++) writeFileSync(join(dir, `before-${at}`), "MARKER-OF-THE-TEST");
    writeFileSync(join(dir, "hostile"), Buffer.alloc(1 << 20, "SLOW"));
    for (let at = 0; at < 10; at++) writeFileSync(join(dir, `later-${at}`), "MARKER-OF-THE-TEST");
    const slow = `rule slow { strings: $s = "SLOW" condition: $s and for all i in (0..filesize-1) : (
      for all j in (0..filesize-1) : (for all k in (0..filesize-1) : (uint8(i) + uint8(j) + uint8(k) >= 0))) }`;
    const { errors, summary } = await scan({
      paths: [dir],
      sources: [...sources, { namespace: "slow", source: slow }],
      timeoutMs: 2000,
      engine,
    });
    assert.deepEqual(
      errors.map(([path, { code }]) => [path, code]),
      [[join(dir, "hostile"), "TOOL_FAILED"]],
    );
    assert.equal(summary.infected, 20);
  });
}

test("access times stay as they were, where the files are the scanner's own", async (t) => {
  const dir = folder(t);
  const names = ["found", "clean"];
  writeFileSync(join(dir, "found"), "MARKER-OF-THE-TEST");
  writeFileSync(join(dir, "clean"), "nothing of that kind");
  // Before the last change: any reading would move it, also where access times are kept rarely (relatime).
  for (const name of names) utimesSync(join(dir, name), 1_000_000, 2_000_000);
  for (const workersAre of ["processes", "threads"] as const) {
    const { findings } = await scan({ paths: [dir], sources, workersAre });
    assert.equal(findings.length, 1);
    if (process.platform !== "linux") continue;
    for (const name of names) assert.equal(statSync(join(dir, name)).atimeMs, 1_000_000_000, name);
  }
});

test("counts stay exact over many batches", async (t) => {
  const dir = folder(t);
  for (let at = 0; at < 700; at++) {
    if (at % 100 === 0) mkdirSync(join(dir, `${at / 100}`));
    writeFileSync(join(dir, `${Math.floor(at / 100)}`, `${at}`), at % 7 === 0 ? "MARKER-OF-THE-TEST" : "x");
  }
  for (const workers of [1, 2, 3]) {
    const { summary } = await scan({ paths: [dir], sources, workers });
    assert.deepEqual([summary.files, summary.bytes, summary.infected], [700, 600 + 100 * 18, 100]);
  }
});

test("a signal stops the scan; a broken rule refuses it", async (t) => {
  const dir = folder(t);
  writeFileSync(join(dir, "a"), "x");
  await assert.rejects(scan({ paths: [dir], sources, signal: AbortSignal.abort() }), { code: "INTERRUPTED" });
  await assert.rejects(scan({ paths: [dir], sources: [{ namespace: "n", source: "rule" }] }), {
    code: "RULE_INVALID",
  });
});

test("the kernel's own file systems are passed over", async () => {
  const { summary, skipped, errors } = await scan({ paths: ["/proc", "/sys"], sources });
  assert.deepEqual([summary.files, skipped, errors], [0, ["/proc", "/sys"], []]);
});
