// @ts-check
// Brings a clone to the state in which everything runs. Says nothing where nothing is to be done.
import { execFileSync, spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./lib/root.mjs";
import { pinnedNode } from "./lib/runtime.mjs";
import { systemPackages } from "./lib/system-packages.mjs";

const pnpm = "pnpm@12.21.0";

/**
 * @param {{ systemPackages: boolean }} options whether to install the distribution's packages too
 * @returns {{ missing: string[] }} the distribution's packages that are still missing
 * @throws Error with one plain line when the workspace itself cannot be installed
 */
export function ensureInstalled(options) {
  if (!workspaceInStep()) installWorkspace();
  return { missing: options.systemPackages ? ensureSystemPackages() : [] };
}

/** pnpm keeps a copy of the lockfile that it installed from, written last: equal bytes mean installed and whole. */
function workspaceInStep() {
  if (!existsSync(pinnedNode)) return false;
  try {
    const wanted = readFileSync(join(root, "pnpm-lock.yaml"));
    return wanted.equals(readFileSync(join(root, "node_modules/.pnpm/lock.yaml")));
  } catch {
    return false;
  }
}

function installWorkspace() {
  say(`installing the workspace with ${pnpm} ...`);
  const done = spawnSync("npx", ["--yes", pnpm, "install", "--frozen-lockfile"], {
    cwd: root,
    // Progress belongs on standard error: `npm start -- scan --json` prints a document on standard output.
    stdio: ["ignore", process.stderr, "inherit"],
    env: { ...process.env, CI: "true" },
  });
  if (done.error) throw new Error(`npx does not run (${done.error.message}): install npm`);
  if (done.status !== 0)
    throw new Error(`pnpm install ended with status ${done.status}: see its message above`);
  try {
    execFileSync(pinnedNode, ["--version"], { stdio: "ignore" });
  } catch {
    throw new Error(
      `there is no pinned Node for ${process.platform}-${process.arch} in this lockfile: use linux x64 or arm64, or macOS arm64`,
    );
  }
}

function ensureSystemPackages() {
  let missing = missingPackages();
  if (missing.length === 0) return [];
  const line = `apt-get install --no-install-recommends ${missing.join(" ")}`;
  if (process.platform === "linux" && process.getuid?.() === 0 && onPath("apt-get")) {
    say(`${line} ...`);
    // A fresh machine has no package lists, an old one stale ones: look for new lists only when the first try fails.
    if (!apt(["install", "--yes", "--no-install-recommends", ...missing])) {
      apt(["update"]);
      apt(["install", "--yes", "--no-install-recommends", ...missing]);
    }
    missing = missingPackages();
  }
  if (missing.length > 0) {
    const lacking = systemPackages.filter((each) => missing.includes(each.package));
    for (const each of lacking) say(`missing: ${each.package}, for ${each.for}`);
    say(
      process.platform === "linux"
        ? `to get it: sudo ${line}`
        : "it runs on Linux only; the rest works without it",
    );
  }
  return missing;
}

function missingPackages() {
  return systemPackages.filter((each) => !onPath(each.command)).map((each) => each.package);
}

/** @param {string[]} args */
function apt(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const done = spawnSync("apt-get", ["-qq", ...args], { stdio: ["ignore", process.stderr, "inherit"], env });
  return done.status === 0;
}

/** @param {string} command */
function onPath(command) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return [...folders, "/usr/sbin", "/sbin"].filter(Boolean).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** @param {string} text */
function say(text) {
  process.stderr.write(`thymus: ${text}\n`);
}

/**
 * For the other scripts: the same, but a failure ends the process with one line.
 * @param {{ systemPackages: boolean }} options
 */
export function ensureInstalledOrExit(options) {
  try {
    return ensureInstalled(options);
  } catch (error) {
    process.stderr.write(`thymus: RUNTIME_MISSING: ${error instanceof Error ? error.message : error}\n`);
    process.exit(2);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  ensureInstalledOrExit({ systemPackages: true });
