// @ts-check
// Runs the named test files under the pinned Node, each in its own process, the first named first as far as there is
// room for it; `node --test` would sort them. No single test may take more than ten minutes.
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { run as runFiles } from "node:test";
import { dot, spec, tap } from "node:test/reporters";
import { root } from "./root.mjs";
import { run } from "./runtime.mjs";
import { needsChamber } from "./test-files.mjs";
import { roomOf } from "./test-order.mjs";

/** @typedef {import("node:test").EventData.TestSummary} Summary */

const files = process.argv.slice(2).filter((arg) => !arg.startsWith("--"));
/** @param {string} name @returns {string[]} values of a flag */
const values = (name) =>
  process.argv.slice(2).flatMap((arg) => (arg.startsWith(`--${name}=`) ? [arg.slice(name.length + 3)] : []));
const testNamePatterns = values("test-name-pattern");
const testSkipPatterns = values("test-skip-pattern");
const stop = new AbortController();
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]))
  process.on(signal, () => {
    stop.abort();
    // What a test left running may hold its output open for ever.
    setTimeout(() => process.exit(130), 30_000).unref();
  });
// Each file that runs listens to the process.
process.setMaxListeners(0);

const reporters = new Map(Object.entries({ dot, spec, tap }));
const [asked] = values("test-reporter");
const events = new PassThrough({ objectMode: true });
const output = events.compose(/** @type {typeof tap} */ (reporters.get(asked ?? "spec") ?? spec));
output.pipe(process.stdout, { end: false });

const started = performance.now();
/** @type {Map<string, number>} */
const seconds = new Map();
/** Files that said how they ended; of any other nothing was shown. */
let told = 0;
/** Files that held no test that was to run: each counts as one passed test of its own name. */
const empty = new Set();
const counts = { tests: 0, suites: 0, passed: 0, failed: 0, cancelled: 0, skipped: 0, todo: 0 };

/** Half as many again as processors: some of what runs waits for something else than a processor. */
let room = Math.max(3, Math.ceil(availableParallelism() * 1.5));
/** Files that take more than one room and run now. */
let large = 0;
/** Tests that need chamber and self do not begin before both are there, or cannot be made. */
let ready = process.env.THYMUS_TEST_PREPARE === undefined;
const made = ready ? null : prepare();

const waiting = [...files];
/** @type {Set<Promise<void>>} */
const running = new Set();
while (waiting.length > 0 && !stop.signal.aborted) {
  const next = choose();
  if (next !== undefined) {
    waiting.splice(waiting.indexOf(next), 1);
    const one = runFile(next).finally(() => running.delete(one));
    running.add(one);
  } else await Promise.race(made && !ready ? [...running, made] : running);
}
await Promise.all(running);
await made;
finish();

/**
 * The first that may begin and has room. Where the first of all that may begin lacks room, others go before it only as
 * long as another one of its size runs; otherwise they would do so to the end.
 */
function choose() {
  const eligible = waiting.filter((file) => ready || !needsChamber(file));
  const [first] = eligible;
  if (first === undefined || running.size === 0 || roomOf(first) <= room) return first;
  return large > 0 ? eligible.find((file) => roomOf(file) <= room) : undefined;
}

async function prepare() {
  room -= 1;
  await run(process.execPath, ["--no-warnings", join(root, "tests/e2e/support/prepare.ts")], {
    stdio: ["ignore", process.stderr, "inherit"],
    env: process.env,
  });
  room += 1;
  ready = true;
}

/** @param {string} file */
async function runFile(file) {
  const own = roomOf(file);
  room -= own;
  if (own > 1) large += 1;
  const begun = performance.now();
  /** @type {{ type: string, data: unknown }[]} */
  const said = [];
  const stream = runFiles({
    files: [file],
    concurrency: 1,
    timeout: 600_000,
    isolation: "process",
    signal: stop.signal,
    ...(testNamePatterns.length > 0 && { testNamePatterns }),
    ...(testSkipPatterns.length > 0 && { testSkipPatterns }),
  });
  for await (const event of stream) {
    if (event.type === "test:pass" && event.data.nesting === 0 && event.data.name === file) empty.add(file);
    if (!isOfRun(event)) said.push(event);
  }
  seconds.set(file, (performance.now() - begun) / 1000);
  for (const event of said) events.write(event);
  room += own;
  if (own > 1) large -= 1;
}

/** What a run of one file says of itself as a whole; all of them together are told at the end. @param {any} event */
function isOfRun({ type, data }) {
  if (type === "test:summary" && data.file === undefined) {
    for (const key of /** @type {(keyof typeof counts)[]} */ (Object.keys(counts)))
      counts[key] += data.counts[key];
    if (!data.success) process.exitCode = 1;
    told += 1;
    return true;
  }
  if (type === "test:diagnostic" && data.nesting === 0 && data.file === undefined) return true;
  return type === "test:plan" && data.nesting === 0 && data.file === undefined;
}

function finish() {
  const first = { tests: counts.tests, suites: counts.suites, pass: counts.passed, fail: counts.failed };
  const all = { ...first, cancelled: counts.cancelled, skipped: counts.skipped, todo: counts.todo };
  const lines = Object.entries({ ...all, duration_ms: Math.round(performance.now() - started) });
  for (const [what, count] of lines)
    events.write({
      type: "test:diagnostic",
      data: { nesting: 0, message: `${what} ${count}`, level: "info" },
    });
  const sought = testNamePatterns.length + testSkipPatterns.length > 0;
  const nothing = counts.tests - empty.size === 0;
  if (nothing || told < files.length || (empty.size > 0 && !sought)) process.exitCode = 1;
  if (stop.signal.aborted) process.exitCode = 130;
  events.end();
  const slowest = [...seconds].sort((a, b) => b[1] - a[1]).slice(0, 16);
  output.on("end", () => {
    if (files.length > slowest.length) {
      process.stdout.write("\nslowest files, wall clock:\n");
      for (const [name, took] of slowest)
        process.stdout.write(`  ${took.toFixed(0).padStart(5)} s  ${name}\n`);
    }
    if (nothing) process.stderr.write("thymus: no test ran\n");
    else if (empty.size > 0 && !sought) process.stderr.write(`thymus: no test in ${[...empty].join(", ")}\n`);
    else if (told < files.length)
      process.stderr.write(`thymus: ${files.length - told} test files did not say how they ended\n`);
    // What a test left running must not keep the run from its end.
    process.stdout.write("", () => process.exit());
  });
}
