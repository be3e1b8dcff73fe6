import assert from "node:assert/strict";
import { test } from "node:test";
import { Repair } from "@thymus/contracts";
import { repairWith } from "@thymus/repair";
import { pairInfections, type Specimen } from "../../infection/index.ts";
import { textHost } from "../../infection/testing/hosts.ts";
import { inertInfections } from "../../infection/testing/inert/index.ts";
import { random } from "../../infection/testing/random.ts";
import { inferRepairs } from "../index.ts";

/** `noise` may come back or not. */
const manglings = ["renamed", "renamed-split", "renamed-shuffled", "everything", "base64", "xor", "noise"];
const SEEN = 10;
const UNSEEN = 4;

for (const infection of inertInfections.filter(({ family }) => family === "script")) {
  const how = manglings.find((each) => infection.id === `script-${infection.types[0]}-${each}`);
  if (how === undefined) continue;
  test(`${infection.id}: unseen files come back byte for byte or are refused`, () => {
    const type = infection.types[0]!;
    const all = Array.from({ length: 3 * (SEEN + UNSEEN) }, (_, i): Specimen[] => {
      const host = textHost(type, 500 + i);
      // Behind a body at the end nobody sees whether the last line of the host had an end.
      if (host.bytes.at(-1) !== 0x0a) return [];
      const after = infection.infect(host.bytes, random(70 + i));
      return after === null
        ? []
        : [{ path: `/srv/${i}`, kind: "text", type, before: host.bytes, after, afterType: type }];
    }).flat();
    const [seen, unseen] = [all.slice(0, SEEN), all.slice(SEEN, SEEN + UNSEEN)];
    const { recipes, why } = inferRepairs(pairInfections(seen), seen);
    for (const recipe of recipes) assert.deepEqual(Repair.parse(JSON.parse(JSON.stringify(recipe))), recipe);
    let back = 0;
    for (const { before, after } of unseen) {
      const result = repairWith(recipes, after, type);
      if ("refused" in result) continue;
      assert.deepEqual(Buffer.from(result.repaired), Buffer.from(before));
      back++;
      assert.ok("refused" in repairWith(recipes, before, type));
    }
    if (how === "noise") return;
    if (how === "everything") assert.ok(back > 0 || /border/.test(why ?? ""), why ?? "none came back");
    else assert.equal(back, unseen.length, why ?? "");
  });
}
