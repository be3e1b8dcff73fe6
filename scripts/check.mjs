// @ts-check
// The static checks, one after the other; all run even where one fails, so that one look shows everything.
import { ensureInstalledOrExit } from "./install.mjs";
import { pinnedNode, run } from "./lib/runtime.mjs";

const checks = [
  { name: "types", command: "tsc", args: ["-p", "."] },
  { name: "format and lint", command: "biome", args: ["check", "--error-on-warnings", "."] },
  {
    name: "unused files, exports and dependencies",
    command: "knip",
    args: ["--no-progress", "--no-config-hints"],
  },
  {
    name: "generated files in step with the contracts",
    command: pinnedNode,
    args: ["scripts/generate.mjs", "--check"],
  },
  {
    name: "import rules and file sizes",
    command: pinnedNode,
    args: ["--test", "--test-reporter=dot", "tests/architecture/architecture.test.ts"],
  },
];

ensureInstalledOrExit({ systemPackages: false });
const failed = [];
for (const check of checks) {
  const started = performance.now();
  process.stdout.write(`== ${check.name}\n`);
  const status = await run(check.command, check.args);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(
    status === 0 ? `   clean, ${seconds} s\n` : `   FAILED, status ${status}, ${seconds} s\n`,
  );
  if (status !== 0) failed.push(check.name);
}
process.stdout.write(failed.length === 0 ? "all checks clean\n" : `failed: ${failed.join("; ")}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
