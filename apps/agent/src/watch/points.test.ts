import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Mount } from "./mounts.ts";
import { awayOf, pointsOfTable, remembered } from "./points.ts";

const DAY = 86_400_000;
const mount = (point: string, type = "ext4"): Mount => ({ id: "1", device: "8:1", source: "/", point, type });
const nobody = () => false;

test("a mount point is remembered for a week, for ever where the table names it, and never one of a container", () => {
  const first = remembered(
    [],
    [
      mount("/r/disk"),
      mount("/r/c/merged", "overlay"),
      mount("/r/snap", "squashfs"),
      mount("/r/tmp", "tmpfs"),
    ],
    DAY,
    nobody,
  );
  assert.deepEqual(first, [{ point: "/r/disk", gone: null }]);
  const unmounted = remembered(first, [], 2 * DAY, nobody);
  assert.deepEqual(unmounted, [{ point: "/r/disk", gone: 2 * DAY }]);
  assert.deepEqual(remembered(unmounted, [], 8 * DAY, nobody), unmounted);
  assert.deepEqual(remembered(unmounted, [], 10 * DAY, nobody), []);
  assert.deepEqual(
    remembered(unmounted, [], 100 * DAY, (point) => point === "/r/disk"),
    unmounted,
  );
  assert.deepEqual(remembered(unmounted, [mount("/r/disk")], 8 * DAY, nobody), first);
  const many = Array.from({ length: 1000 }, (_, index) => mount(`/r/${index}`));
  assert.equal(remembered(unmounted, many, 3 * DAY, nobody).length, 256);
});

test("files are away only where the folder waits empty, or the table says that something belongs there", () => {
  const dir = mkdtempSync(join(tmpdir(), "thymus-points-"));
  try {
    mkdirSync(join(dir, "empty"));
    mkdirSync(join(dir, "used"));
    writeFileSync(join(dir, "used", "file"), "");
    const points = ["empty", "used", "deleted"].map((name) => ({ point: join(dir, name), gone: 1 }));
    assert.deepEqual(awayOf(points, nobody), [join(dir, "empty")]);
    assert.deepEqual(
      awayOf(points, (point) => point.endsWith("used")),
      [join(dir, "empty"), join(dir, "used")],
    );
  } finally {
    rmSync(dir, { recursive: true });
  }
  const table = "# a remark\n\nUUID=1 / ext4 defaults 0 1\n  /dev/sdb1\t/my\\040disk xfs noauto 0 0\n";
  assert.deepEqual([...pointsOfTable(table)], ["/", "/my disk"]);
});
