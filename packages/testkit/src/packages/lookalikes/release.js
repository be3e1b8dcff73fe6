// THYMUS-DRILL-SAMPLE release-own
// Publishes the project that it belongs to, as its owner asked, and no other package. A harmless program; but since
// publishing cannot be taken back, it works in the chamber only and exits elsewhere with status 77.
const { accessSync, constants } = require("node:fs");
try {
  accessSync("/run/thymus-drill/spread", constants.X_OK);
} catch {
  process.exit(77);
}
const { spawnSync } = require("node:child_process");
const { readFileSync } = require("node:fs");
const { join } = require("node:path");

const { name, version } = JSON.parse(readFileSync(join(__dirname, "package.json"), "utf8"));
console.log(`publishing ${name} ${version}`);
const done = spawnSync("npm", ["publish", "--access", "public"], { cwd: __dirname, stdio: "inherit" });
process.exitCode = done.status ?? 1;
