import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { Fingerprints } from "./fingerprints.ts";
import { type FileFacts, ScanMemory } from "./memory.ts";

const HOUR_NS = 3_600_000_000_000n;
const old = BigInt(Date.now()) * 1_000_000n - HOUR_NS;

function memoryIn(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "thymus-memory-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const open = (rules = "rules", session: { what: string; resume: boolean } | null = null) => {
    const memory = ScanMemory.open({ folder, rules, session });
    assert.ok(memory);
    return memory;
  };
  return { folder, open };
}

const facts = (change: Partial<FileFacts> = {}): FileFacts => ({
  ...{ dev: 1n, ino: 2n, size: 3n, mtimeNs: old, ctimeNs: old, ...change },
});

test("another path, number, size or time is another file; so is another salt", (t) => {
  const { open } = memoryIn(t);
  const memory = open();
  const others = [{ ino: 3n }, { size: 4n }, { mtimeNs: old + 1n }, { ctimeNs: old + 1n }, { dev: 9n }].map(
    (change) => memory.identityOf(facts(change), "/a").id,
  );
  const all = [memory.identityOf(facts(), "/a").id, memory.identityOf(facts(), "/b").id, ...others];
  assert.equal(new Set(all).size, all.length);
  assert.equal(memory.identityOf(facts(), "/a").id, all[0]);
  assert.notEqual(memoryIn(t).open().identityOf(facts(), "/a").id, all[0]);
});

test("what changed a moment ago is not remembered: its pages may still be written", (t) => {
  const now = BigInt(Date.now()) * 1_000_000n;
  const memory = memoryIn(t).open();
  assert.equal(memory.identityOf(facts({ ctimeNs: now }), "/a").lasting, false);
});

test("a scan that was interrupted is gone on with; one that ended, and other rules, are not", (t) => {
  const { folder, open } = memoryIn(t);
  const file = join(folder, "file");
  writeFileSync(file, "x");
  const seen = (memory: ScanMemory) => {
    const known = memory.knowsClean(file);
    memory.clean(memory.identityOf(statSync(file, { bigint: true }), file));
    return known;
  };
  const session = { what: "w", resume: true };
  const first = open("rules", session);
  assert.equal(seen(first), false);
  first.close(false);
  const other = open("other rules", session);
  assert.equal(seen(other), false);
  other.close(false);
  const second = open("rules", session);
  assert.equal(seen(second), true);
  second.close(true);
  const third = open("rules", session);
  assert.equal(seen(third), false);
  third.close(false);
  const afresh = open("rules", { what: "w", resume: false });
  assert.equal(seen(afresh), false);
  afresh.close(false);
});

test("a file that ended the scanner twice is known for it, with these rules", (t) => {
  const { open } = memoryIn(t);
  const identity = open().identityOf(facts(), "/a");
  for (const wanted of [false, false, true]) {
    const memory = open();
    assert.equal(memory.isPoison(identity), wanted);
    memory.blame(identity);
  }
  assert.equal(open("other rules").isPoison(identity), false);
});

test("a file of numbers that a crash cut is taken up to there", (t) => {
  const { folder, open } = memoryIn(t);
  const memory = open("rules", { what: "w", resume: true });
  memory.clean({ id: 7n, lasting: true });
  memory.close(true);
  const [file] = readdirSync(folder).filter((name) => name.endsWith(".clean"));
  appendFileSync(join(folder, file!), "cut");
  open().close(true);
  assert.equal(statSync(join(folder, file!)).size, 8);
});

test("the set of numbers is a set", () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      (values, other) => {
        const set = new Fingerprints(0);
        for (const value of values) set.add(value);
        const wanted = new Set(values.filter((value) => value !== 0n));
        assert.equal(set.size, wanted.size);
        for (const value of values) assert.equal(set.has(value), value !== 0n);
        assert.equal(set.has(other), wanted.has(other));
      },
    ),
  );
});
