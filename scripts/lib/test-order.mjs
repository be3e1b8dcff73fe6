// @ts-check
import { needsChamber } from "./test-files.mjs";

/**
 * Files that take longest, the longest first (`npm test` tells at its end): begun last, one of them would run on alone
 * while a processor idles. A wrong place costs time, nothing else.
 */
export const longest = [
  "tests/e2e/immunize.test.ts",
  "tests/e2e/behaviours.test.ts",
  "tests/e2e/crash.test.ts",
  "tests/e2e/package-worm.test.ts",
  "tests/e2e/hostile-samples.test.ts",
  "tests/e2e/loop.test.ts",
  "apps/analysis/src/chamber/trace/budget.test.ts",
  "apps/analysis/src/chamber/internet/internet.chamber.test.ts",
  "apps/analysis/src/chamber/chamber.test.ts",
  "apps/analysis/src/chamber/trace/blind.test.ts",
  "apps/analysis/src/chamber/escape.test.ts",
  "apps/analysis/src/kinds/kinds.chamber.test.ts",
  "apps/analysis/src/packages/packages.test.ts",
  "apps/analysis/src/signature/derive.test.ts",
  "apps/analysis/src/self/corpus.test.ts",
  "apps/admin/src/kill.test.ts",
  "apps/agent/src/crash.test.ts",
  "apps/agent/src/scanning/prescriptions.test.ts",
];

/** Files whose tests run two machines side by side. */
const double = ["immunize", "behaviours", "loop"].map((name) => `tests/e2e/${name}.test.ts`);

/** How many processors a file keeps busy. @param {string} file */
export const roomOf = (file) => (double.includes(file) ? 2 : 1);

/**
 * Files that need the chamber first, since they take longest, and those that do not in between while it is made; in each
 * half the longest first.
 * @param {string[]} files
 */
export function inOrder(files) {
  const place = (/** @type {string} */ file) => {
    const at = longest.indexOf(file);
    return at < 0 ? longest.length : at;
  };
  const sorted = [...files].sort((a, b) => place(a) - place(b));
  const chamber = new Set(sorted.filter(needsChamber));
  return [...chamber, ...sorted.filter((file) => !chamber.has(file))];
}
