// @ts-check
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "./root.mjs";

const skipped = new Set(["node_modules", ".git", ".cache", "coverage"]);

/**
 * Every test file of the workspace, relative to its top, in a stable order.
 * @param {string[]} filters parts of the path, any of which must be there; none means every file
 */
export function testFiles(filters = []) {
  /** @type {string[]} */
  const found = [];
  const walk = (/** @type {string} */ folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!skipped.has(entry.name)) walk(path);
      } else if (entry.name.endsWith(".test.ts")) found.push(relative(root, path));
    }
  };
  for (const top of ["apps", "bench", "packages", "tests"]) walk(join(root, top));
  const wanted = filters.map((filter) => filter.replace(/^\.\//, ""));
  return found.filter((path) => wanted.length === 0 || wanted.some((part) => path.includes(part))).sort();
}

/**
 * Whether tests of a file need the chamber; each says so of itself.
 * @param {string} file relative to the top of the workspace
 */
export const needsChamber = (file) => /\bneeds\([^)]*"qemu"/.test(readFileSync(join(root, file), "utf8"));
