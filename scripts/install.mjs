// @ts-check
// Brings a clone to the state in which everything runs. Says nothing where nothing is to be done.
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./lib/root.mjs";
import { pinnedNode } from "./lib/runtime.mjs";
import { runtimePackages, systemPackages, testPackages } from "./lib/system-packages.mjs";

const pnpm = "pnpm@12.21.0";

/**
 * @param {{ systemPackages: boolean, testPackages?: boolean }} options whether to install the distribution's packages too
 * @returns {{ missing: string[] }} the distribution's packages that are still missing
 * @throws Error with one plain line when the workspace itself cannot be installed
 */
export function ensureInstalled(options) {
  if (!workspaceInStep()) installWorkspace();
  ensureRuntime();
  const wanted = [
    ...(options.systemPackages ? systemPackages : []),
    ...(options.testPackages ? testPackages : []),
  ];
  return { missing: ensureSystemPackages(wanted) };
}

/** pnpm keeps a copy of the lockfile that it installed from, written last: equal bytes mean installed and whole. */
function workspaceInStep() {
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
}

/** The pinned Node needs libraries that a minimal system lacks. */
function ensureRuntime() {
  if (!existsSync(pinnedNode))
    throw new Error(
      `the lockfile has no Node for ${process.platform}-${process.arch}: use linux x64 or arm64, or macOS arm64`,
    );
  const trial = () => spawnSync(pinnedNode, ["--version"], { encoding: "utf8" });
  if (trial().status === 0) return;
  if (mayInstall()) aptInstall(runtimePackages);
  const { status, stderr } = trial();
  if (status !== 0)
    throw new Error(
      `the pinned Node does not start (${stderr.trim().split("\n")[0]}); run: sudo ${aptLine(runtimePackages)}`,
    );
}

/** @param {typeof systemPackages} wanted */
function ensureSystemPackages(wanted) {
  let missing = missingPackages(wanted);
  if (missing.length === 0) return [];
  if (mayInstall()) {
    aptInstall(missing);
    missing = missingPackages(wanted);
  }
  if (missing.length > 0) {
    const lacking = wanted.filter((each) => missing.includes(each.package));
    for (const each of lacking) say(`missing: ${each.package}, for ${each.for}`);
    say(
      process.platform === "linux"
        ? `to get it: sudo ${aptLine(missing)}`
        : "it runs on Linux only; the rest works without it",
    );
  }
  return missing;
}

const mayInstall = () => process.platform === "linux" && process.getuid?.() === 0 && onPath("apt-get");

/** @param {string[]} packages */
const aptLine = (packages) => `apt-get install --no-install-recommends ${packages.join(" ")}`;

/** @param {string[]} packages */
function aptInstall(packages) {
  say(`${aptLine(packages)} ...`);
  const args = ["install", "--yes", "--no-install-recommends", ...packages];
  // A fresh machine has no package lists, an old one stale ones: look for new lists only when the first try fails.
  const first = apt(args);
  if (first.ok) return;
  say("apt-get update ...");
  const lists = apt(["update"]);
  const second = lists.ok ? apt(args) : lists;
  if (!second.ok) process.stderr.write(second.said);
}

/** @param {typeof systemPackages} wanted */
function missingPackages(wanted) {
  return wanted.filter((each) => !onPath(each.command)).map((each) => each.package);
}

/** @param {string[]} args */
function apt(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  // Hundreds of lines about unpacking help nobody, unless it fails.
  const done = spawnSync("apt-get", ["-qq", "-o", "Dpkg::Use-Pty=0", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    env,
  });
  return { ok: done.status === 0, said: `${done.stdout ?? ""}${done.stderr ?? ""}` };
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
 * @param {{ systemPackages: boolean, testPackages?: boolean }} options
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
