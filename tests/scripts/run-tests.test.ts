/** What the runner of the tests calls passed. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";

const runner = join(import.meta.dirname, "../../scripts/lib/run-tests.mjs");
const head = 'import { test } from "node:test";\n';
const files: Readonly<Record<string, string>> = {
  "passes.mjs": `${head}test("one", () => {}); test("two", () => {});`,
  "fails.mjs": `${head}test("wrong", () => { throw new Error("wrong"); });`,
  "crashes.mjs": `${head}test("killed", () => process.kill(process.pid, "SIGKILL"));`,
  "leaves.mjs": `${head}test("left early", () => process.exit(0));`,
  "empty.mjs": "",
};

function run(names: readonly string[], ...flags: string[]) {
  const folder = mkdtempSync(join(tmpdir(), "thymus-runner-"));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const { NODE_TEST_CONTEXT: _, THYMUS_TEST_PREPARE: __, ...env } = process.env;
    const done = spawnSync(
      process.execPath,
      [runner, "--test-reporter=tap", ...flags, ...names.map((name) => join(folder, name))],
      { encoding: "utf8", env, timeout: 60_000 },
    );
    return { status: done.status, text: done.stdout + done.stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("what fails, is killed, leaves early or holds no test is no success", () => {
  assert.equal(run(["passes.mjs"]).status, 0);
  for (const name of ["fails.mjs", "crashes.mjs", "leaves.mjs", "empty.mjs"]) {
    const { status, text } = run(["passes.mjs", name]);
    assert.equal(status, 1, `${name}: ${text}`);
  }
});

test("a pattern chooses tests, and one that chooses none is no success", () => {
  const one = run(["passes.mjs", "fails.mjs"], "--test-name-pattern=two");
  assert.equal(one.status, 0, one.text);
  const none = run(["passes.mjs"], "--test-name-pattern=nothing of that name");
  assert.equal(none.status, 1, none.text);
  assert.match(none.text, /no test ran/);
});
