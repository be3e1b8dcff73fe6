import assert from "node:assert/strict";
import { test } from "node:test";
import { Repair } from "@thymus/contracts";
import { repairWith } from "@thymus/repair";
import { afterTypeOf, pairInfections } from "../infection/index.ts";
import { elfHosts, textHost, textHosts } from "../infection/testing/hosts.ts";
import { CODE, infect, scenarios, TEXT } from "../infection/testing/infections.ts";
import { random } from "../infection/testing/random.ts";
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

test("a table of which the learned hosts show a part is no recipe", () => {
  const letters = Buffer.from("etaoinshrdlucmfwypvbgkjqxzETAOINSHRDLUCMFWYPVBGKJQXZ \n");
  const code = (bytes: Uint8Array) => bytes.map((byte) => (byte * 77 + 13) & 255);
  const specimens = infect(textHosts(["shell"], 6), (_host, i) => Buffer.of(i)).map((specimen, i) => {
    const dice = random(300 + i);
    const before = Buffer.concat([
      letters,
      Buffer.from(dice.bytes(900).map((b) => letters[b % letters.length]!)),
    ]);
    return { ...specimen, before, after: Buffer.concat([CODE, code(before)]), afterType: specimen.type };
  });
  const { recipes, why } = inferRepairs(pairInfections(specimens), specimens);
  assert.deepEqual(recipes, []);
  assert.ok(why !== null);
});

test("a recipe by which a held-out file comes back wrongly is not issued", () => {
  const FLAGS = 48;
  const specimens = infect(
    elfHosts(10).map((host, i) => {
      const bytes = Buffer.from(host.bytes);
      // One host is not like the others: without it the field looks constant.
      if (i === 4) bytes.writeUInt32LE(0x7c19_a3d5, FLAGS);
      return { ...host, bytes };
    }),
    ({ bytes }, i) => {
      const after = Buffer.concat([
        ...[bytes, CODE, random(i).bytes(9), bytes.subarray(FLAGS, FLAGS + 4), random(i + 50).bytes(9)],
      ]);
      after.writeUInt32LE(0x1eaf_51de, FLAGS);
      return after;
    },
  );
  const { recipes, why } = inferRepairs(pairInfections(specimens), specimens);
  assert.deepEqual([recipes, why === null], [[], false]);
});

test("one infected file proves no rule", () => {
  const specimens = infect(textHosts(["shell"], 1), ({ bytes }) => Buffer.concat([TEXT, bytes]));
  const { recipes, why } = inferRepairs(pairInfections(specimens), specimens);
  assert.deepEqual(recipes, []);
  assert.match(why ?? "", /only one/);
});

test("a size that is kept decides, though all hosts here are aligned alike and grew alike", () => {
  const grown = (bytes: Uint8Array, seed: number, more: number) =>
    Buffer.concat([bytes, random(seed).bytes((-bytes.length & 15) + more)]);
  const appended = (host: Uint8Array) => {
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(host.length));
    return Buffer.concat([host, Buffer.alloc(-host.length & 15), CODE, size]);
  };
  const hosts = elfHosts(10, { wide: true });
  const specimens = infect(
    hosts.map((host, at) => ({ ...host, bytes: grown(host.bytes, at, 16) })),
    ({ bytes }) => appended(bytes),
  );
  const { recipes, checked, why } = inferRepairs(pairInfections(specimens), specimens);
  assert.deepEqual([recipes.length, checked, why], [1, 10, null]);
  // Where it begins in such a file was never seen, so that it may be refused, but never cut in the wrong place.
  const odd = grown(hosts[0]!.bytes, 99, 24);
  const result = repairWith(recipes, appended(odd), "elf64");
  assert.ok("refused" in result || odd.equals(result.repaired));
});

test("few files that grew alike by chance are undone as those of other kinds show it, or not at all", () => {
  const block = { shell: "weir=7 # put here", python: "_weir = 7 # put here too" } as const;
  const named = (type: "shell" | "python", names: readonly string[], seed: number) =>
    infect(
      names.map((_, i) => textHost(type, seed + i, { newline: true })),
      ({ bytes }, i) => Buffer.concat([bytes, TEXT, Buffer.from(`\n${block[type]}\n: '${names[i]}'\n`)]),
    );
  const scripts = ["mill", "orchard.sh", "kiln", "tide.bash", "harvest", "loom.sh", "barn.sh", "yard"];
  const python = ["plover.py", "gannet.py", "wherry.py"];
  const unseen = named("python", ["oar", "lighthouse.py", "linnet.py"], 80);
  for (const others of [scripts, []]) {
    const seen = [...named("shell", others, 40), ...named("python", python, 60)];
    const { recipes, checked } = inferRepairs(pairInfections(seen), seen);
    assert.equal(checked, seen.length);
    for (const specimen of unseen) {
      const result = repairWith(recipes, specimen.after, afterTypeOf(specimen));
      assert.equal("repaired" in result, others.length > 0 || specimen === unseen[2], JSON.stringify(result));
      if ("repaired" in result) assert.deepEqual(Buffer.from(result.repaired), Buffer.from(specimen.before));
    }
  }
});
