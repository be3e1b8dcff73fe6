import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DRILL_MARK, DRILL_REFUSED } from "@thymus/contracts";
import { Den } from "../drills/den.ts";
import { settle } from "../drills/hosts.ts";
import { needs } from "../needs.ts";
import { listBehaviours } from "./behaviours.ts";

const programs = listBehaviours();

test("the suite has at least forty programs, about half of them harmless, each listed and not executable", () => {
  const bad = programs.filter((program) => program.harmful);
  assert.ok(programs.length >= 40);
  assert.ok(Math.abs(bad.length * 2 - programs.length) <= programs.length / 4, `${bad.length} are harmful`);
  for (const folder of ["harmful", "harmless"]) {
    const listed = programs.filter((each) => (folder === "harmful") === each.harmful).map((each) => each.id);
    assert.deepEqual(readdirSync(join(import.meta.dirname, folder)).sort(), listed.sort());
  }
  for (const { id, file, about } of programs) {
    assert.equal(statSync(file).mode & 0o111, 0, id);
    assert.match(about, /^[A-Z].*\.$/, id);
  }
  assert.equal(new Set(programs.map((each) => each.id)).size, programs.length);
});

test("the harmful carry the drill mark and its gate, the harmless a gate of their own", () => {
  for (const { id, file, harmful } of programs) {
    const text = readFileSync(file, "utf8");
    assert.equal(text.includes(DRILL_MARK), harmful, id);
    const gate = text.split("\n").slice(0, 14).join("\n");
    assert.match(gate, /77/, id);
    assert.match(gate, harmful ? /\/run\/thymus-drill\/spread/ : /\/home\/sam/, id);
  }
});

test("names and addresses of the harmful are such as nobody can own", () => {
  for (const { id, file } of programs.filter((each) => each.harmful)) {
    const text = readFileSync(file, "utf8");
    for (const [, host] of text.matchAll(/https?:\/\/([\w.-]+)/g))
      assert.match(host!, /\.example$|^registry\.npmjs\.org$/, id);
    for (const [address] of text.matchAll(/\b\d+\.\d+\.\d+\.(\d+|\{number\})/g))
      assert.match(address, /^198\.51\.100\./, id);
    for (const [, host] of text.matchAll(/"(\w[\w-]*\.[\w.-]+)", \d+\)/g))
      assert.match(host!, /\.example$/, id);
  }
});

test("outside of a chamber each program ends with 77 and changes nothing", { skip: needs("bwrap") }, () => {
  const den = new Den();
  try {
    settle(den);
    for (const program of programs) {
      den.put("home/Downloads/sample", readFileSync(program.file), 0o644);
      const before = den.snapshot();
      const runs = [{ drill: false }, ...(program.harmful ? [{ drill: true, root: true }] : [])];
      for (const options of runs) {
        const { status, stdout } = den.runScript(program.file, options);
        assert.deepEqual([status, stdout], [DRILL_REFUSED, ""], program.id);
        assert.deepEqual(den.snapshot(), before, program.id);
      }
    }
  } finally {
    den.close();
  }
});
