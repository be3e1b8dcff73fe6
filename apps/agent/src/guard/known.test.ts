import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { Facts } from "./answerer/calls.ts";
import { GOOD, INFECTED, identityText, Known, UNKNOWN } from "./answerer/known.ts";
import { pathBytes } from "./answerer/library.ts";
import { identityOfStat } from "./identity.ts";

test("what is known is what was said last, or was dropped; never what was said of another", () => {
  const facts = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 64, maxLength: 64 });
  const saying = fc.tuple(facts, fc.constantFrom(GOOD, INFECTED));
  fc.assert(
    fc.property(fc.array(saying, { maxLength: 60 }), (sayings) => {
      const known = new Known(4);
      const said = new Map<string, number>();
      for (const [words, state] of sayings) {
        known.set(Uint32Array.from(words), state);
        said.set(identityText(Uint32Array.from(words)), state);
        assert.equal(known.get(Uint32Array.from(words)), state);
      }
      for (const [words] of sayings) {
        const found = known.get(Uint32Array.from(words));
        assert.ok(found === UNKNOWN || found === said.get(identityText(Uint32Array.from(words))));
      }
      assert.ok(known.size <= 32);
      known.forget();
      for (const [words] of sayings) assert.equal(known.get(Uint32Array.from(words)), UNKNOWN);
    }),
    { numRuns: 60 },
  );
});

test("both sides name a file alike", { skip: process.platform !== "linux" && "Linux only" }, () => {
  const dir = mkdtempSync(join(tmpdir(), "thymus-guard-"));
  try {
    const path = join(dir, "file");
    writeFileSync(path, "some text");
    const facts = new Facts();
    for (const each of [path, dir, "/dev/null", "/"]) {
      assert.ok(facts.ofPath(pathBytes(each)));
      assert.equal(identityText(facts.words), identityOfStat(statSync(each, { bigint: true })), each);
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
});
