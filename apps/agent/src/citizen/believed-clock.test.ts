import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openAgentDatabase } from "../state/open.ts";
import { BelievedClock } from "./believed-clock.ts";

const HOUR = 3_600_000;
const YEAR = 8766 * HOUR;

test("a clock that jumps a year, or back to 1970, ends nothing until it has gone evenly for an hour", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "thymus-clock-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const db = await openAgentDatabase(dir);
  t.after(() => db.destroy());
  let wall = Date.parse("2026-01-01");
  let steady = 0;
  const pass = (milliseconds: number) => {
    wall += milliseconds;
    steady += milliseconds;
  };
  const clock = new BelievedClock(
    () => wall,
    () => steady,
  );
  assert.equal(await clock.now(db), wall);
  pass(HOUR);
  assert.equal(await clock.now(db), wall);

  wall += YEAR;
  assert.equal(await clock.now(db), null, "forward");
  pass(60_000);
  wall -= YEAR;
  assert.equal(await clock.now(db), wall, "it was wrong for a minute");

  const right = wall;
  wall = 0;
  assert.equal(await clock.now(db), null, "back to 1970");
  pass(HOUR / 2);
  assert.equal(await clock.now(db), null);
  wall = right + HOUR;
  assert.equal(await clock.now(db), wall);

  wall += 10 * 24 * HOUR;
  assert.equal(await clock.now(db), wall, "resumed after ten days");
  wall += YEAR;
  const other = new BelievedClock(
    () => wall,
    () => steady,
  );
  assert.equal(await other.now(db), null, "switched off for a year, or wrong");
  pass(HOUR);
  assert.equal(await other.now(db), wall, "it goes evenly: the year has passed");
});
