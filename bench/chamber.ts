/**
 * What a chamber costs, and a day's rate of submissions held for some minutes.
 * `npm run bench -- chamber [--runs N] [--minutes N] [--rate PER_DAY] [--seed N] [--only start|rate] [--json]`; needs a
 * chamber and self, which it makes in the test data folder. Give it a machine of its own: it measures time.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { holdRate, printRate } from "./chamber/rate.ts";
import { measureStart, printStart } from "./chamber/start.ts";
import { ensureTestData } from "./shared/test-data.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "9" },
    minutes: { type: "string", default: "10" },
    rate: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const { chamberDir, corpusDir } = ensureTestData();
const places = { chamberDir, corpusDir };
const say = (text: string) => process.stderr.write(`${text}\n`);
const temp = await mkdtemp(join(tmpdir(), "thymus-bench-"));
try {
  const start =
    values.only === "rate" ? null : await measureStart({ ...places, temp, runs: Number(values.runs), say });
  if (start && !values.json) printStart(start);
  const rate =
    values.only === "start"
      ? null
      : await holdRate({
          ...places,
          temp,
          minutes: Number(values.minutes),
          perDay: Number(values.rate),
          seed: Number(values.seed),
          say,
        });
  if (rate && !values.json) printRate(rate);
  if (values.json) process.stdout.write(`${JSON.stringify({ start, rate })}\n`);
  if (rate && (rate.lost > 0 || rate.twice > 0)) process.exitCode = 1;
} finally {
  await rm(temp, { recursive: true, force: true });
}
