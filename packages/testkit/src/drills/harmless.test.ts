import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../needs.ts";
import { Den } from "./den.ts";
import { listHarmless } from "./harmless.ts";
import { settle } from "./hosts.ts";

test("each harmless program does its work and leaves what was there alone", { skip: needs("bwrap") }, () => {
  for (const program of listHarmless()) {
    const den = new Den();
    try {
      settle(den);
      const before = den.snapshot();
      const run = den.runScript(program.file, { drill: false });
      assert.deepEqual([run.status, run.stderr], [0, ""], `${program.id} ${run.stderr}`);
      assert.notEqual(run.stdout, "", program.id);
      const after = den.snapshot();
      for (const [path, entry] of before)
        assert.ok(after.get(path) === entry, `${program.id} changed ${path}`);
      const made = [...after.keys()].filter((path) => !before.has(path) && path !== "home/Downloads/sample");
      assert.ok(made.length > 0, program.id);
      const own = /^home\/(\.harmless-|\.local\/bin\/harmless-|\.local\/state\/harmless-)/;
      for (const path of made) assert.match(path, own, program.id);
    } finally {
      den.close();
    }
  }
});
