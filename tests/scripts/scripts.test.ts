import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { chamberPackages } from "../../apps/analysis/src/chamber/packages.ts";
import { run } from "../../scripts/lib/runtime.mjs";
import { systemPackages } from "../../scripts/lib/system-packages.mjs";
import { needsChamber, testFiles } from "../../scripts/lib/test-files.mjs";
import { inOrder, longest } from "../../scripts/lib/test-order.mjs";

const root = join(import.meta.dirname, "../..");
const quiet = { stdio: "ignore" } as const;

test("what the scripts install is what the chamber needs", () => {
  const installed = systemPackages.map((each) => each.package);
  assert.deepEqual([...installed].sort(), [...chamberPackages].sort());
});

test("where packages are missing and may not be installed, the exact line is printed and the rest goes on", () => {
  const nothing = mkdtempSync(join(tmpdir(), "thymus-path-"));
  try {
    const done = spawnSync(process.execPath, [join(root, "scripts/install.mjs")], {
      encoding: "utf8",
      env: { PATH: nothing },
    });
    assert.equal(done.status, 0, done.stderr);
    const line = `apt-get install --no-install-recommends ${systemPackages.map((each) => each.package).join(" ")}`;
    assert.ok(done.stderr.includes(line), done.stderr);
    for (const each of systemPackages) assert.ok(done.stderr.includes(each.for));
  } finally {
    rmSync(nothing, { recursive: true });
  }
});

test("a command's status is passed on, as a shell would give it", async () => {
  assert.equal(await run("sh", ["-c", "exit 3"], quiet), 3);
  assert.equal(await run("sh", ["-c", "kill -TERM $$"], quiet), 143);
  assert.equal(await run("/no/such/command", [], quiet), 127);
});

test("a signal reaches the command, and its status comes back", async () => {
  const script = `
    import { run } from ${JSON.stringify(join(root, "scripts/lib/runtime.mjs"))};
    process.exitCode = await run("sh", ["-c", "trap 'exit 5' TERM; echo ready; for i in $(seq 400); do sleep 0.05; done"]);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  const [status] = await once(child, "exit");
  assert.equal(status, 5);
});

test("npm start passes a verb on; a bench or a test that is not there is an error of usage", () => {
  const script = (name: string, ...args: string[]) =>
    spawnSync(process.execPath, [join(root, "scripts", name), ...args], { encoding: "utf8" });
  const version = script("start.mjs", "--version");
  assert.equal(version.status, 0, version.stderr);
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
  assert.equal(script("start.mjs", "no-such-verb").status, 2);
  assert.equal(script("bench.mjs", "no-such-bench").status, 2);
  assert.equal(script("test.mjs", "no-such-test").status, 2);
  assert.equal(script("bench.mjs").status, 0);
});

test("parts of a path choose test files", () => {
  assert.ok(testFiles().length > 0);
  assert.deepEqual(
    testFiles(["./packages/resilience"]),
    testFiles().filter((path) => path.startsWith("packages/resilience/")),
  );
  assert.deepEqual(testFiles(["no-such-test"]), []);
});

test("files that need the chamber come first, the longest first, and none is lost", () => {
  const all = testFiles();
  const order = inOrder(all);
  assert.deepEqual([...order].sort(), all);
  assert.deepEqual(
    longest.filter((file) => !all.includes(file)),
    [],
    "scripts/lib/test-order.mjs names a file that is gone",
  );
  const first = order.findIndex((file) => !needsChamber(file));
  assert.ok(first > 0 && !order.slice(first).some(needsChamber));
  for (const half of [order.slice(0, first), order.slice(first)]) {
    const places = half.map((file) => longest.indexOf(file)).filter((place) => place >= 0);
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
    );
  }
});
