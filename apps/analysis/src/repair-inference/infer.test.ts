import assert from "node:assert/strict";
import { test } from "node:test";
import { Repair } from "@thymus/contracts";
import { repairWith } from "@thymus/repair";
import { afterTypeOf, pairInfections } from "../infection/index.ts";
import { textHosts } from "../infection/testing/hosts.ts";
import { infect, scenarios, TEXT } from "../infection/testing/infections.ts";
import { inferRepairs } from "./index.ts";

for (const { name, specimens, repair } of scenarios) {
  test(`gives back every file, also unseen ones, or says why not: ${name}`, () => {
    const seen = specimens(0);
    const { recipes, checked, pairs, heldOut, why } = inferRepairs(pairInfections(seen), seen);
    assert.equal(pairs, seen.length);
    if (repair === "none") {
      assert.deepEqual([recipes, checked], [[], 0]);
      assert.ok(why !== null && why.length > 20);
      return;
    }
    assert.equal(why === null, repair === "all");
    assert.ok(checked === pairs || (repair === "some" && checked > 0));
    assert.ok(heldOut >= checked * 0.66);
    for (const recipe of recipes) assert.deepEqual(Repair.parse(JSON.parse(JSON.stringify(recipe))), recipe);
    for (const specimen of [...seen, ...specimens(3)]) {
      const result = repairWith(recipes, specimen.after, afterTypeOf(specimen));
      if (repair === "some" && "refused" in result) continue;
      assert.ok("repaired" in result, JSON.stringify(result));
      assert.deepEqual(Buffer.from(result.repaired), Buffer.from(specimen.before));
      assert.ok("refused" in repairWith(recipes, specimen.before, specimen.type));
    }
  });
}

test("where the clean files cannot be told apart any more there is no recipe", () => {
  const hosts = textHosts(["shell"], 10);
  const newline = (bytes: Buffer) => Buffer.from(bytes.at(-1) === 0x0a ? "" : "\n");
  const specimens = infect(hosts, ({ bytes }) =>
    Buffer.concat([bytes, newline(bytes), TEXT, Buffer.from("\n")]),
  );
  const { recipes, why } = inferRepairs(pairInfections(specimens), specimens);
  assert.deepEqual(recipes, []);
  assert.match(why ?? "", /which original/);
});

test("what was overwritten and kept nowhere is said to be lost", () => {
  const specimens = infect(textHosts(["shell"], 8), ({ bytes }) =>
    Buffer.concat([TEXT, bytes.subarray(TEXT.length)]).subarray(0, Math.max(TEXT.length, bytes.length)),
  );
  const { recipes, why } = inferRepairs(pairInfections(specimens), specimens);
  assert.deepEqual(recipes, []);
  assert.match(why ?? "", /kept nowhere in the infected file: they are lost/);
});

test("one infected file proves no rule", () => {
  const specimens = infect(textHosts(["shell"], 1), ({ bytes }) => Buffer.concat([TEXT, bytes]));
  const { recipes, why } = inferRepairs(pairInfections(specimens), specimens);
  assert.deepEqual(recipes, []);
  assert.match(why ?? "", /only one/);
});
