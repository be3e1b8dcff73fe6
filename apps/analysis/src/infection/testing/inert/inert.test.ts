import assert from "node:assert/strict";
import { test } from "node:test";
import { elfHost, textHost } from "../hosts.ts";
import { random } from "../random.ts";
import { inertInfections } from "./index.ts";

const hostOf = (type: string, seed: number) =>
  type === "elf64" ? elfHost(seed) : textHost(type as "shell", seed);

test("each inert infection changes hosts, the same way for the same numbers drawn", () => {
  assert.equal(new Set(inertInfections.map(({ id }) => id)).size, inertInfections.length);
  for (const { id, types, infect } of inertInfections) {
    let changed = 0;
    for (let seed = 1; seed <= 6; seed++) {
      const { bytes } = hostOf(types[0]!, seed);
      const copy = Buffer.from(bytes);
      const infected = infect(bytes, random(seed));
      assert.deepEqual(bytes, copy, `${id} writes into the host it is given`);
      if (infected === null) continue;
      changed++;
      assert.notDeepEqual(Buffer.from(infected), copy, id);
      assert.deepEqual(infect(bytes, random(seed)), infected, id);
    }
    // The hosts of these tests are too small to be overwritten behind their first page.
    assert.ok(changed >= 4 || id.startsWith("elf-overwrite"), `${id} changes ${changed} of 6`);
  }
});

test("no byte run of a refusable body is the same in all hosts", () => {
  for (const { id, types, infect } of inertInfections.filter((each) => each.refusable)) {
    const bodies = [1, 2, 3, 4, 5, 6].flatMap((seed) => {
      const { bytes } = hostOf(types[0]!, seed);
      const infected = infect(bytes, random(seed + 40));
      return infected === null ? [] : [{ before: bytes, after: Buffer.from(infected) }];
    });
    const [first, ...others] = bodies;
    if (first === undefined) continue;
    for (let at = 0; at + 12 <= first.after.length; at++) {
      const run = first.after.subarray(at, at + 12);
      if (new Set(run).size < 6 || first.before.includes(run)) continue;
      assert.ok(!others.every(({ after }) => after.includes(run)), `${id}: ${run.toString("latin1")}`);
    }
  }
});
