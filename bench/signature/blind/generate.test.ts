import assert from "node:assert/strict";
import { test } from "node:test";
import { blindHarmless, blindInfections } from "./index.ts";
import { seeded } from "./random.ts";
import { hostsFor } from "./testing/hosts.ts";

const all = [...blindInfections, ...blindHarmless];

test("there are at least forty kinds and eight harmless changes, each with a name and a line of its own", () => {
  assert.ok(blindInfections.length >= 40);
  assert.ok(blindHarmless.length >= 8);
  assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
  for (const { id, hosts, scriptKind, what } of all) {
    assert.equal(scriptKind !== undefined, hosts === "script", id);
    assert.ok(what.length > 10 && !what.includes("\n"), id);
  }
});

test("the same stream gives the same file, and the host is left as it was", () => {
  for (const kind of all)
    for (const host of hostsFor(kind).slice(0, 2)) {
      const before = Buffer.from(host);
      const [first, second] = [kind.infect(host, seeded("x")), kind.infect(host, seeded("x"))];
      assert.deepEqual(first, second, kind.id);
      assert.ok(before.equals(host), kind.id);
    }
});

test("what is no host of the kind is refused, and nothing throws", () => {
  const others = [
    new Uint8Array(0),
    Buffer.from("\x7fELF"),
    Buffer.from("\0\0\0\0"),
    Buffer.alloc(5000, 0xff),
  ];
  for (const kind of all.filter(({ hosts }) => hosts !== "script"))
    for (const host of others) assert.equal(kind.infect(host, seeded("x")), null, kind.id);
  for (const kind of all.filter(({ hosts }) => hosts === "script")) {
    assert.equal(kind.infect(new Uint8Array(0), seeded("x")), null, kind.id);
    const other = Buffer.from(`#!/usr/bin/awk -f\n${"x\n".repeat(50)}`);
    assert.equal(kind.infect(other, seeded("x")), null, kind.id);
  }
});

test("every harmless change changes something, of most hosts", () => {
  for (const kind of blindHarmless)
    for (const host of hostsFor(kind)) {
      const changed = kind.infect(host, seeded("x"));
      assert.ok(changed && !Buffer.from(host).equals(changed), kind.id);
    }
});
