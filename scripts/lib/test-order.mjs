// @ts-check
import { needsChamber } from "./test-files.mjs";

/**
 * Files that take longest, the longest first (`npm test` tells at its end): begun last, one of them would run on alone
 * while a processor idles. A wrong place costs time, nothing else.
 */
export const longest = [
  "tests/e2e/immunize.test.ts",
  "tests/e2e/behaviours.test.ts",
  "tests/e2e/package-worm.test.ts",
  "tests/e2e/crash.test.ts",
  "tests/e2e/hostile-samples.test.ts",
  "tests/e2e/loop.test.ts",
  "apps/analysis/src/chamber/trace/blind.test.ts",
  "apps/analysis/src/chamber/escape.test.ts",
];

/**
 * Files without a chamber first, since it is made meanwhile; in each half the longest first.
 * @param {string[]} files
 */
export function inOrder(files) {
  const place = (/** @type {string} */ file) => {
    const at = longest.indexOf(file);
    return at < 0 ? longest.length : at;
  };
  const sorted = [...files].sort((a, b) => place(a) - place(b));
  const chamber = new Set(sorted.filter(needsChamber));
  return [...sorted.filter((file) => !chamber.has(file)), ...chamber];
}
