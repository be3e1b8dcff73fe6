// @ts-check
// Runs the named test files under the pinned Node, in the order in which they are named; `node --test` would sort them.
// Each file in its own process; no single test may take more than ten minutes.
import { run } from "node:test";
import { dot, spec, tap } from "node:test/reporters";

const abreast = 2;
const files = process.argv.slice(2);
const stop = new AbortController();
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]))
  process.on(signal, () => stop.abort());

const reporters = new Map(Object.entries({ dot, spec, tap }));
const asked = process.execArgv.find((flag) => flag.startsWith("--test-reporter="))?.split("=")[1];

/** @type {Map<string, number>} */
const seconds = new Map();
const events = run({
  files,
  concurrency: abreast,
  timeout: 600_000,
  isolation: "process",
  signal: stop.signal,
});
events.on("test:complete", ({ name, nesting, details }) => {
  if (nesting === 0 && files.includes(name)) seconds.set(name, details.duration_ms / 1000);
});
events.on("test:summary", ({ file, success }) => {
  if (file === undefined && !success) process.exitCode = 1;
});
const said = events.compose(/** @type {typeof tap} */ (reporters.get(asked ?? "spec") ?? spec));
said.on("end", () => {
  const slowest = [...seconds].sort((a, b) => b[1] - a[1]).slice(0, 12);
  if (files.length > slowest.length)
    process.stdout.write(
      `\nslowest files, wall clock:\n${slowest.map(([name, s]) => `  ${s.toFixed(0).padStart(5)} s  ${name}\n`).join("")}`,
    );
  // What a test left running must not keep the run from its end.
  if (stop.signal.aborted) process.exit(130);
});
said.pipe(process.stdout, { end: false });
