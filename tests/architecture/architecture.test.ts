import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "node:test";
import { testFiles } from "../../scripts/lib/test-files.mjs";
import { judgeFolders, judgeImports, judgeReach, judgeSizes } from "./judge.ts";

const root = join(import.meta.dirname, "../..");

/** Runs a judge over a tree with the given files, and takes the tree away again. */
function inTree(files: Record<string, string>, judge: (top: string) => string[]): string[] {
  const top = mkdtempSync(join(tmpdir(), "thymus-architecture-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(top, dirname(path)), { recursive: true });
      writeFileSync(join(top, path), text);
    }
    return judge(top);
  } finally {
    rmSync(top, { recursive: true });
  }
}

test("every import of the project keeps the rules", () => {
  assert.deepEqual(judgeImports(root), []);
});

test("what reads hostile bytes reaches neither keys nor network", () => {
  assert.deepEqual(judgeReach(root), []);
});

test("no source file is too long without a reason", () => {
  assert.deepEqual(judgeSizes(root), []);
});

test("every app and package says what may enter it", () => {
  assert.deepEqual(judgeFolders(root), []);
});

test("every test file of the repository is run by npm test, and every name that looks like one is one", () => {
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", root, ...args], { encoding: "utf8" }).split("\0");
  const known = git("ls-files", "-z", "--cached", "--others", "--exclude-standard");
  const gone = new Set(git("ls-files", "-z", "--deleted"));
  const named = known.filter((path) => /[.-](test|spec)\.[cm]?[jt]sx?$/.test(path) && !gone.has(path));
  assert.deepEqual(testFiles(), named.sort());
});

const planted: [file: string, source: string, refused: RegExp | null][] = [
  [
    "packages/contracts/src/x.ts",
    'import "@thymus/store";',
    /packages\/contracts may not use packages\/store/,
  ],
  [
    "packages/resilience/src/x.ts",
    'import type { A } from "@thymus/contracts";',
    /may not use packages\/contracts/,
  ],
  ["packages/trust/src/x.ts", 'export * from "@thymus/detection";', /may not use/],
  ["apps/agent/src/x.ts", 'import { a } from "@thymus/admin";', /apps\/agent may not use apps\/admin/],
  ["apps/agent/src/x.ts", 'const a = await import("@thymus/admin");', /may not use/],
  ["apps/agent/src/x.ts", 'import "thymus";', /may not use apps\/cli/],
  ["apps/console/src/x.ts", 'import "@thymus/trust";', /may not use/],
  ["apps/agent/src/x.ts", 'import "../../admin/src/y.ts";', /leaves its own package/],
  ["apps/agent/src/x.ts", 'import "@thymus/trust/src/keys.ts";', /through its exports/],
  ["apps/agent/src/x.ts", 'import "@thymus/unheard";', /no such package/],
  ["apps/agent/src/x.ts", 'import "@thymus/testkit";', /for tests/],
  ["apps/agent/src/x.ts", 'import "./x.test.ts";', /test's helper/],
  ["apps/admin/src/x.ts", 'import { DatabaseSync } from "node:sqlite";', /only packages\/store may/],
  ["apps/other/src/x.ts", 'import "@thymus/contracts";', /has no line/],
  ["apps/agent/src/x.test.ts", 'import "@thymus/testkit"; import "./x.ts";', null],
  ["apps/agent/src/x.ts", 'import "@thymus/trust"; import "./y.ts"; import "node:fs";', null],
  ["apps/cli/src/verbs/drill.ts", 'import "@thymus/testkit/drills"; import "@thymus/admin";', null],
  ["apps/cli/src/verbs/drill.ts", 'import "@thymus/testkit";', /for tests/],
  ["tests/x.test.ts", 'import "@thymus/admin"; import "@thymus/testkit";', null],
];
for (const [file, source, refused] of planted)
  test(`${source} in ${file} is ${refused ? "refused" : "allowed"}`, () => {
    const found = inTree({ [file]: source }, judgeImports);
    assert.equal(found.length, refused ? 1 : 0, found.join("\n"));
    if (refused) assert.match(found[0]!, refused);
  });

test("a key that the worker reaches through two files is found, with the way to it", () => {
  const files = {
    "apps/analysis/src/worker/main.ts": 'import "./a.ts";',
    "apps/analysis/src/intake/triage/main.ts": "",
    "apps/analysis/src/worker/a.ts": 'export * from "@thymus/repair";',
    "packages/repair/src/index.ts": 'import type {} from "@thymus/trust"; import "node:https";',
    "packages/repair/package.json": '{"exports":{".":"./src/index.ts"}}',
    "packages/trust/src/index.ts": "",
    "packages/trust/package.json": '{"exports":{".":"./src/index.ts"}}',
  };
  const found = inTree(files, judgeReach);
  assert.equal(found.length, 2);
  assert.match(
    found[0]!,
    /reaches @thymus\/trust by .*main\.ts -> .*a\.ts -> packages\/repair\/src\/index\.ts$/,
  );
});

test("a file of 401 lines is too long, one of 400 is not", () => {
  const found = inTree(
    { "packages/store/src/x.ts": "//\n".repeat(401), "packages/store/src/y.ts": "//\n".repeat(400) },
    judgeSizes,
  );
  assert.deepEqual(found, ["packages/store/src/x.ts: 401 lines"]);
});
