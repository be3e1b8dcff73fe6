import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { DRILL_MARK, DRILL_REFUSED } from "@thymus/contracts";
import { needs } from "../needs.ts";
import { Den } from "./den.ts";
import { drillFile, drillProgramsFolder, listDrills } from "./drills.ts";
import { listHarmless } from "./harmless.ts";
import { settle } from "./hosts.ts";

test("each program is listed, marked as a drill or not at all, and cannot be executed as it lies", () => {
  assert.deepEqual(
    readdirSync(drillProgramsFolder).sort(),
    listDrills()
      .map((d) => d.id)
      .sort(),
  );
  assert.deepEqual(
    readdirSync(dirname(listHarmless()[0]!.file)).sort(),
    listHarmless()
      .map((h) => h.id)
      .sort(),
  );
  for (const { id, file } of [...listDrills(), ...listHarmless()]) {
    assert.equal(statSync(file).mode & 0o111, 0, id);
  }
  for (const { id, file } of listDrills()) assert.ok(readFileSync(file, "utf8").includes(DRILL_MARK), id);
  for (const { id, file } of listHarmless()) assert.ok(!readFileSync(file, "utf8").includes(DRILL_MARK), id);
  assert.equal(drillFile("prepend-sh"), `${drillProgramsFolder}/prepend-sh`);
  assert.throws(() => drillFile("../drills.ts"), { code: "NOT_FOUND" });
});

test("the drills of one language share their gate and their walk word for word", () => {
  const shared = new Map<string, Set<string>>();
  for (const { id, file, type } of listDrills().filter((d) => d.type !== "node")) {
    const text = readFileSync(file, "utf8");
    const part = /# --- shared by the [\s\S]*# --- end of the shared part ---/.exec(text)?.[0];
    assert.ok(part, id);
    shared.set(type, (shared.get(type) ?? new Set()).add(part));
    assert.ok(/exit\(?\s?77|exit 77/.test(part), id);
  }
  for (const [type, parts] of shared) assert.equal(parts.size, 1, type);
});

test("no drill speaks to a network or runs what it decoded", () => {
  for (const { id, file } of listDrills()) {
    const code = readFileSync(file, "utf8");
    assert.doesNotMatch(
      code,
      /socket|https?:|urllib|\bcurl\b|\bwget\b|node:net|\beval\b|exec\(_|compile\(/,
      id,
    );
    for (const run of code.matchAll(
      /(?:_run|_oars\.run|_teal\.run|gorseCalls|execFileSync|\\exec)\(\[?\s*["'](.*?)["' ]/g,
    )) {
      assert.equal(run[1], "/run/thymus-drill/spread", id);
    }
  }
});

test("outside of a chamber, and as root, each drill exits with 77 and changes nothing", {
  skip: needs("bwrap"),
}, () => {
  const den = new Den();
  try {
    settle(den);
    den.put("home/Downloads/sample", "", 0o644);
    for (const drill of listDrills()) {
      for (const options of [{ drill: false }, { drill: true, root: true }]) {
        den.put("home/Downloads/sample", readFileSync(drill.file), 0o644);
        const before = den.snapshot();
        const { status, stdout, stderr } = den.runScript(drill.file, options);
        assert.deepEqual([status, stdout, stderr], [DRILL_REFUSED, "", ""], drill.id);
        assert.deepEqual(den.snapshot(), before, drill.id);
      }
    }
    assert.deepEqual(den.calls(), []);
  } finally {
    den.close();
  }
});
