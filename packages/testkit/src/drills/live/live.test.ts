import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { DRILL_USER, makeDrillArea, placeEncryptor, unscramble } from "./live.ts";

const asOther = process.getuid?.() === 0 ? { uid: DRILL_USER, gid: DRILL_USER } : {};
const run = (
  area: string,
  variant: string,
  as: object = asOther,
  encryptor = placeEncryptor(dirname(area)),
) => spawnSync("python3", [encryptor, area, variant], { ...as, encoding: "utf8" });

test("the live encryptor scrambles its area only, and what it wrote can be undone", (t) => {
  const area = realpathSync(mkdtempSync(join(tmpdir(), "thymus-live-")));
  t.after(() => rmSync(area, { recursive: true, force: true }));
  const [first, second] = makeDrillArea(join(area, "a"), 8);
  const before = readFileSync(first!);
  if (process.getuid?.() === 0) spawnSync("chmod", ["755", area]);
  for (const [variant, ending] of [
    ["in-place", ""],
    ["tree", ""],
    ["rename", ".drilled"],
  ] as const) {
    const done = run(join(area, "a"), variant);
    assert.equal(done.status, 0, done.stderr);
    const now = readFileSync(`${first}${ending}`);
    // The second one undoes the first: the keystream is fixed.
    assert.deepEqual(variant === "tree" ? now : unscramble(now), before, variant);
  }
  assert.notDeepEqual(readFileSync(`${second}.drilled`), before);
});

test("the live encryptor exits at once as root, without its marker, or where the marker names another folder", (t) => {
  const area = realpathSync(mkdtempSync(join(tmpdir(), "thymus-live-")));
  t.after(() => rmSync(area, { recursive: true, force: true }));
  if (process.getuid?.() === 0) spawnSync("chmod", ["755", area]);
  const [first] = makeDrillArea(join(area, "a"), 2);
  const before = readFileSync(first!);
  if (process.getuid?.() === 0) assert.equal(run(join(area, "a"), "in-place", {}).status, 77);
  assert.equal(run(area, "in-place", asOther, placeEncryptor(area)).status, 77);
  writeFileSync(join(area, "a", ".thymus-drill", "AREA"), `${area}\n`);
  assert.equal(run(join(area, "a"), "in-place").status, 77);
  assert.deepEqual(readFileSync(first!), before);
});
