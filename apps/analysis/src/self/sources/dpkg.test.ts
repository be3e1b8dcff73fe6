import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { ReadAnswer } from "../learn/protocol.ts";
import { readFiles } from "../learn/read-files.ts";
import { dpkgCandidates } from "./dpkg.ts";

test("only what the package manager's own digest fits becomes self", async (t) => {
  const info = mkdtempSync(join(tmpdir(), "thymus-dpkg-"));
  t.after(() => rmSync(info, { recursive: true }));
  const good = realpathSync("/usr/bin/env");
  const changed = realpathSync("/usr/bin/id");
  const md5 = hash("md5", readFileSync(good));
  writeFileSync(join(info, "one.md5sums"), `${md5}  .${good}\n${"0".repeat(32)}  ${changed.slice(1)}\n`);
  writeFileSync(join(info, "two.md5sums"), `${md5}  etc/passwd\nno digest\n${md5}  usr/bin/not-there\n`);
  writeFileSync(join(info, "three.list"), "/usr/bin/env\n");
  const candidates = dpkgCandidates(info);
  assert.deepEqual(candidates.map(({ path }) => path).sort(), [good, changed].sort());
  const answers = new Map<string, ReadAnswer>();
  await readFiles(candidates, {
    mode: "digest",
    workers: 1,
    signal: undefined,
    onBatch: (files, given) => files.forEach(({ path }, index) => void answers.set(path, given[index]!)),
  });
  assert.equal(answers.get(good)?.sha256, hash("sha256", readFileSync(good)));
  assert.equal(answers.get(changed), null);
});

test("a machine without dpkg has no package files", () => {
  assert.deepEqual(dpkgCandidates("/nonexistent"), []);
});
