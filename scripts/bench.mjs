// @ts-check
// `npm run bench -- NAME ARGS` runs bench/NAME.ts; without a name it lists them.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ensureInstalledOrExit } from "./install.mjs";
import { root } from "./lib/root.mjs";
import { pinnedNode, run } from "./lib/runtime.mjs";

const names = readdirSync(join(root, "bench"))
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .map((file) => file.slice(0, -3))
  .sort();
const [name, ...args] = process.argv.slice(2);
if (name === undefined) {
  process.stdout.write(
    `npm run bench -- NAME, where NAME is one of:\n${names.map((n) => `  ${n}\n`).join("")}`,
  );
} else if (!names.includes(name)) {
  process.stderr.write(`thymus: USAGE: there is no bench ${name}; there is: ${names.join(", ") || "none"}\n`);
  process.exitCode = 2;
} else {
  ensureInstalledOrExit({ systemPackages: true });
  process.exitCode = await run(pinnedNode, [join(root, "bench", `${name}.ts`), ...args]);
}
