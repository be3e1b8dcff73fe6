import assert from "node:assert/strict";
import { test } from "node:test";
import { loadEngine } from "@thymus/detection";
import { pairInfections } from "../infection/index.ts";
import { fakeSelf } from "../infection/testing/fake-self.ts";
import { scenarios } from "../infection/testing/infections.ts";
import { deriveRule } from "./index.ts";

test("the rules that we write find the same files in the real engine", async () => {
  const engine = await loadEngine();
  for (const { name, specimens, rule } of scenarios.filter((each) => each.rule === "sound")) {
    assert.equal(rule, "sound");
    const seen = specimens(0);
    const derived = await deriveRule({
      analysis: pairInfections(seen),
      specimens: seen,
      sample: { bytes: Buffer.alloc(0), type: "text" },
      corpus: fakeSelf([]),
      family: "test.family",
    });
    assert.ok("rule" in derived, name);
    const compiled = engine.compile([{ namespace: "test", source: derived.rule }]);
    for (const { before, after } of seen) {
      assert.equal(compiled.scan(after).length, 1, name);
      assert.equal(compiled.scan(before).length, 0, name);
    }
    compiled.close();
  }
});
