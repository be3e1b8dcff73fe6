#!/usr/bin/env node
// Thymus runs TypeScript directly, so it needs the pinned Node even where the host's own is older.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const main = join(dirname(fileURLToPath(import.meta.url)), "../src/main.ts");
const major = Number(process.versions.node.split(".")[0]);
if (major >= 26) {
  await import(main);
} else {
  const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
  const platform = `node-${process.platform}-${process.arch}`;
  let pinned;
  try {
    pinned = createRequire(join(root, "package.json")).resolve(`${platform}/bin/node`);
  } catch {
    process.stderr.write(
      `thymus: RUNTIME_MISSING: Node ${process.versions.node} is too old and the pinned runtime ${platform} is not installed; run: npm install is not enough, run: npm test or npm start once\n`,
    );
    process.exit(2);
  }
  const run = spawnSync(pinned, [main, ...process.argv.slice(2)], { stdio: "inherit" });
  process.exit(run.status ?? 2);
}
