#!/usr/bin/env node
// Thymus runs TypeScript directly, so it needs the pinned Node even where the host's own is older.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { constants } from "node:os";
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
      `thymus: RUNTIME_MISSING: Node ${process.versions.node} is too old and the pinned runtime ${platform} is not installed; run npm test or npm start once in the clone\n`,
    );
    process.exit(2);
  }
  // Handlers come first: a signal that arrives while the command starts must not leave it behind alone. The channel
  // tells it when this process is killed outright.
  let child;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child?.kill(signal));
  child = spawn(pinned, [main, ...process.argv.slice(2)], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
  child.on("error", (error) => {
    process.stderr.write(`thymus: RUNTIME_MISSING: ${error.message}; run: npm test or npm start once\n`);
    process.exit(2);
  });
  child.on("exit", (status, signal) =>
    process.exit(status ?? 128 + (signal ? constants.signals[signal] : 0)),
  );
}
