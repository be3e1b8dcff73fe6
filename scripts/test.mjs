// @ts-check
// `npm test` runs every test; `npm test -- PART ...` those whose path contains one of the parts.
import { mkdirSync } from "node:fs";
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

const { missing } = ensureInstalledOrExit({ systemPackages: true });
const data = join(root, ".cache/test-data");
// One chamber and one corpus for all tests, kept between runs.
const env = pinnedEnvironment({
  THYMUS_TEST_DATA: data,
  THYMUS_CHAMBER_DIR: process.env.THYMUS_CHAMBER_DIR ?? join(data, "chamber"),
  THYMUS_CORPUS_DIR: process.env.THYMUS_CORPUS_DIR ?? join(data, "corpus"),
});
if (parts.length === 0) await prepare();

// Each file in its own process; two at a time; no single test may take more than ten minutes.
process.exitCode = await run(
  pinnedNode,
  ["--test", "--test-concurrency=2", "--test-timeout=600000", ...flags, ...files],
  { env },
);

/** The chamber that tests share is built once and kept; a test that needs it would build it too, but untold. */
async function prepare() {
  if (missing.length > 0) {
    process.stderr.write(
      `thymus: tests that need ${missing.join(", ")} are skipped, each with that reason\n`,
    );
    return;
  }
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const main = join(root, "apps/cli/src/main.ts");
  const status = await run(pinnedNode, [main, "chamber", "build", "--data", data], {
    env,
    stdio: ["ignore", process.stderr, "inherit"],
  });
  if (status !== 0)
    process.stderr.write(`thymus: no chamber could be built (status ${status}); its tests will say so\n`);
}
