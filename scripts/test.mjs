// @ts-check
// `npm test` runs every test; `npm test -- PART ...` those whose path contains one of the parts.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ensureInstalledOrExit } from "./install.mjs";
import { root } from "./lib/root.mjs";
import { pinnedEnvironment, pinnedNode, run } from "./lib/runtime.mjs";
import { needsChamber, testFiles } from "./lib/test-files.mjs";
import { inOrder } from "./lib/test-order.mjs";

const parts = process.argv.slice(2).filter((arg) => !arg.startsWith("--"));
const flags = process.argv.slice(2).filter((arg) => arg.startsWith("--"));
const strange = flags.find((flag) => !/^--test-(name-pattern|skip-pattern|reporter)=./.test(flag));
if (strange !== undefined) {
  process.stderr.write(
    `thymus: USAGE: ${strange} is none of --test-name-pattern=TEXT, --test-skip-pattern=TEXT, --test-reporter=spec|dot|tap\n`,
  );
  process.exit(2);
}
const files = inOrder(testFiles(parts));
if (files.length === 0) {
  process.stderr.write(`thymus: USAGE: no test file matches ${parts.join(" ")}\n`);
  process.exit(2);
}

const { missing } = ensureInstalledOrExit({
  systemPackages: true,
  testPackages: Boolean(process.env.CI),
});
const data = process.env.THYMUS_TEST_DATA ?? join(root, ".cache/test-data");
mkdirSync(data, { recursive: true, mode: 0o700 });
// Hundreds of short processes are started: each without the cache compiles the same sources again.
const env = pinnedEnvironment({
  NODE_COMPILE_CACHE: join(data, "compiled"),
  THYMUS_TEST_DATA: data,
});

// Chamber and self take minutes to make: the runner makes them while tests run that need neither.
const shared = files.some(needsChamber);
if (shared && missing.length > 0)
  process.stderr.write(`thymus: tests that need ${missing.join(", ")} are skipped, each with that reason\n`);
// Without root those tests are skipped, each with that reason: then nobody waits for what none of them uses.
const may = process.getuid?.() === 0 || Boolean(process.env.CI);
const prepare = shared && may && missing.length === 0 ? { THYMUS_TEST_PREPARE: "1" } : {};
// A file whose tests ended but whose process does not, since something still runs, is not covered by the limit of a
// single test: the whole run has its own.
process.exitCode = await run(pinnedNode, [join(root, "scripts/lib/run-tests.mjs"), ...flags, ...files], {
  env: { ...env, ...prepare },
  timeout: 60 * 60 * 1000,
  killSignal: "SIGINT",
});
