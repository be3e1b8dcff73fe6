// @ts-check
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { root } from "./root.mjs";

/** The Node that the lockfile pins; the host's own may be older. */
export const pinnedNode = join(root, "node_modules/.bin/node");

/** Environment in which `node`, `tsc`, `biome` and the like are the pinned ones. */
export function pinnedEnvironment(more = {}) {
  const path = [join(root, "node_modules/.bin"), process.env.PATH ?? ""].filter(Boolean).join(delimiter);
  return { ...process.env, PATH: path, ...more };
}

/** @type {NodeJS.Signals[]} */
const forwarded = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Runs a command with our own input and output, passes signals on, and gives the status that a shell would give
 * (128 + signal where a signal ended it; 127 where there is no such command).
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnOptions} options
 * @returns {Promise<number>}
 */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    // Handlers come first: a signal that arrives while the command starts must not leave it behind alone. They run on
    // the event loop, when `child` is there. A terminal sends Ctrl-C to the whole group; a second one from us does no harm.
    const pass = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
    for (const signal of forwarded) process.on(signal, pass);
    const child = spawn(command, args, { cwd: root, env: pinnedEnvironment(), stdio: "inherit", ...options });
    const end = (/** @type {number} */ status) => {
      for (const signal of forwarded) process.off(signal, pass);
      resolve(status);
    };
    child.on("error", (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      end(127);
    });
    child.on("exit", (status, signal) => end(status ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}
