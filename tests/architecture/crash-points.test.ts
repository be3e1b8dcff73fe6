import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { crashPoints, killedElsewhere, walked } from "../e2e/support/crash-points.ts";

const root = join(import.meta.dirname, "../..");

test("some test kills at every crash point of the source", async () => {
  const points = await crashPoints();
  assert.ok(points.length >= 30, `only ${points.length} crash points were found`);
  for (const [name, file] of Object.entries(killedElsewhere)) {
    assert.ok(points.includes(name), `${name} is gone from the source`);
    const text = await readFile(join(root, file), "utf8");
    assert.ok(text.includes(`"${name.replace(/\*$/, "")}`), `${file} does not kill at ${name}`);
  }
  // The walk through a drill asserts that it died at each of its points. Only the three roles are started there.
  for (const name of await walked())
    assert.match(
      name,
      /^(admin|agent|analysis)\.[a-z.-]+$/,
      `no test kills at ${name}: write one, and name it in tests/e2e/support/crash-points.ts`,
    );
});
