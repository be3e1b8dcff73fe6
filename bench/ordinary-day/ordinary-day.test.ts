import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import test from "node:test";
import type { DayResult } from "./day.ts";

/** The pieces of the day that showed false alarms once, or are like those, in little time. The bench has all of them. */
const SHORT = "packages,editors,sweeps,administration,releases,office";

test("an hour of ordinary work raises no suspicion, stops no process and refuses nothing", () => {
  const run = spawnSync(
    process.execPath,
    [
      join(import.meta.dirname, "../ordinary-day.ts"),
      "--scale",
      "1",
      "--quiet",
      "700",
      "--only",
      SHORT,
      "--json",
    ],
    { encoding: "utf8" },
  );
  assert.equal(run.error, undefined);
  assert.notEqual(run.stdout, "", run.stderr);
  const day = JSON.parse(run.stdout) as DayResult;
  assert.deepEqual(
    day.works.flatMap(({ name, alarms }) => alarms.map((what) => `${name}: ${what}`)),
    [],
  );
  for (const { name, leftOut } of day.works) assert.doesNotMatch(leftOut ?? "", /failed/, name);
  assert.ok(day.files > 30, "the agent knows what was made");
});
