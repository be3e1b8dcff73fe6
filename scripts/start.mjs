// @ts-check
// `npm start` is `thymus up`; `npm start -- VERB ...` is `thymus VERB ...`.
import { join } from "node:path";
import { ensureInstalledOrExit } from "./install.mjs";
import { root } from "./lib/root.mjs";
import { pinnedNode, run } from "./lib/runtime.mjs";

const args = process.argv.slice(2);
const asked = ["--help", "-h", "--version", "-V"];
const verb = args[0] !== undefined && (!args[0].startsWith("-") || asked.includes(args[0]));

ensureInstalledOrExit({ systemPackages: true });
// Where the person called from counts: paths in the arguments are relative to it.
const cwd = process.env.INIT_CWD ?? process.cwd();
const main = join(root, "apps/cli/src/main.ts");
process.exitCode = await run(pinnedNode, [main, ...(verb ? args : ["up", ...args])], { cwd });
