import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { planRoom } from "./room.ts";
import { settledOf } from "./versions.ts";

const NOW = Date.parse("2031-05-27T12:00:00Z");
const at = (hours: number) => new Date(NOW - hours * 3_600_000).toISOString();
const row = (path: string, sha256: string, hours: number) => ({ path, sha256, at: at(hours) });

test("older copies make room first, then those of files that are gone, and nothing where that is not enough", () => {
  const rows = [
    row("a", "a0", 0),
    row("a", "a1", 1),
    row("gone", "g0", 2),
    row("a", "a30", 30),
    row("a", "a40", 40),
  ];
  const room = { rows, sealed: new Map(rows.map(({ sha256 }) => [sha256, 100])), gone: new Set(["gone"]) };
  const planned = (bytes: number) => planRoom(room, bytes, NOW)?.map(({ sha256 }) => sha256) ?? null;
  assert.deepEqual(planned(0), []);
  assert.deepEqual(planned(100), ["a40"]);
  assert.deepEqual(planned(200), ["a40", "a1"]);
  assert.deepEqual(planned(201), ["a40", "a1", "g0"]);
  assert.equal(planned(301), null);
});

test("a content that another copy needs frees nothing and stays", () => {
  const rows = [row("a", "a0", 0), row("a", "both", 1), row("b", "both", 1), row("a", "a2", 2)];
  const sealed = new Map(rows.map(({ sha256 }) => [sha256, 100]));
  assert.equal(planRoom({ rows, sealed, gone: new Set() }, 1, NOW), null);
});

test("a plan frees enough and spares the newest and the settled copy of each path that is there", () => {
  const rows = fc.array(
    fc.record({
      path: fc.constantFrom("a", "b", "c"),
      sha256: fc.constantFrom("1", "2", "3", "4", "5", "6"),
      hours: fc.nat(60),
    }),
    { maxLength: 15 },
  );
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 400 }), fc.boolean(), (made, bytes, gone) => {
      const unique = new Map(made.map((each) => [`${each.path} ${each.sha256}`, each]));
      const all = [...unique.values()]
        .toSorted((a, b) => a.hours - b.hours)
        .map(({ path, sha256, hours }) => row(path, sha256, hours));
      const sealed = new Map(all.map(({ sha256 }) => [sha256, 100]));
      const plan = planRoom({ rows: all, sealed, gone: new Set(gone ? ["c"] : []) }, bytes, NOW);
      if (plan === null) return;
      const left = all.filter((each) => !plan.includes(each));
      const freed = new Set(all.map(({ sha256 }) => sha256)).difference(
        new Set(left.map(({ sha256 }) => sha256)),
      );
      assert.ok(freed.size * 100 >= bytes);
      for (const path of gone ? ["a", "b"] : ["a", "b", "c"]) {
        const copies = all.filter((each) => each.path === path);
        for (const spared of [copies[0], settledOf(copies, NOW)])
          assert.ok(spared === undefined || left.includes(spared));
      }
    }),
  );
});
