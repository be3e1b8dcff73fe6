// @ts-check
// `npm test` runs every test; `npm test -- PART ...` those whose path contains one of the parts.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { ensureInstalledOrExit } from "./install.mjs";
import { root } from "./lib/root.mjs";
import { pinnedEnvironment, pinnedNode, run } from "./lib/runtime.mjs";
import { testFiles } from "./lib/test-files.mjs";

const parts = process.argv.slice(2).filter((arg) => !arg.startsWith("--"));
const flags = process.argv.slice(2).filter((arg) => arg.startsWith("--"));
const files = testFiles(parts);
if (files.length === 0) {
  process.stderr.write(`thymus: USAGE: no test file matches ${parts.join(" ")}\n`);
  process.exit(2);
}

const { missing } = ensureInstalledOrExit({
  systemPackages: true,
  testPackages: Boolean(process.env.CI),
});
const data = process.env.THYMUS_TEST_DATA ?? join(root, ".cache/test-data");
const env = pinnedEnvironment({ THYMUS_TEST_DATA: data });
if (files.some((file) => /^(tests\/e2e|apps\/analysis)\//.test(file))) await prepare();

// Each file in its own process; two at a time; no single test may take more than ten minutes. A file whose tests ended but
// whose process does not, since something still runs, is not covered by that: the whole run has its own limit.
process.exitCode = await run(
  pinnedNode,
  ["--test", "--test-concurrency=2", "--test-timeout=600000", ...flags, ...files],
  { env, timeout: 60 * 60 * 1000, killSignal: "SIGINT" },
);

/** Makes the chamber and self that tests share, before two test files want to make them at the same time. */
async function prepare() {
  if (missing.length > 0) {
    process.stderr.write(
      `thymus: tests that need ${missing.join(", ")} are skipped, each with that reason\n`,
    );
    return;
  }
  mkdirSync(data, { recursive: true, mode: 0o700 });
  await make("chamber");
  if (!existsSync(join(data, "corpus/manifest.json"))) await make("corpus");
}

/** @param {"chamber" | "corpus"} what */
async function make(what) {
  const main = join(root, "apps/cli/src/main.ts");
  const status = await run(pinnedNode, [main, what, "build", "--data", data], {
    env,
    stdio: ["ignore", process.stderr, "inherit"],
  });
  if (status !== 0)
    process.stderr.write(`thymus: no ${what} (status ${status}); the tests that need it will say so\n`);
}
