import assert from "node:assert/strict";
import { test } from "node:test";
import { Territory } from "./territory.ts";

test("the innermost border decides: a root within a skipped folder within a root", () => {
  const territory = new Territory(["/", "/data/drill"], ["/data", "/proc"]);
  assert.equal(territory.of("/"), "/");
  assert.equal(territory.of("/usr/bin"), "/");
  assert.equal(territory.of("/data"), null);
  assert.equal(territory.of("/data/keys"), null);
  assert.equal(territory.of("/data/drill"), "/data/drill");
  assert.equal(territory.of("/data/drill/a"), "/data/drill");
  assert.equal(territory.of("/database"), "/");
  assert.ok(territory.skips("/proc") && !territory.skips("/data/drill") && !territory.skips("/process"));
});

test("what lies beside all roots is nobody's", () => {
  const territory = new Territory(["/srv/www"], []);
  assert.deepEqual(
    ["/srv", "/srv/www2", "/"].map((path) => territory.of(path)),
    [null, null, null],
  );
  assert.equal(territory.of("/srv/www/a/b"), "/srv/www");
});
