import assert from "node:assert/strict";
import { test } from "node:test";
import { toText } from "./bytes.ts";
import { blindKinds } from "./index.ts";
import type { BlindKind } from "./kind.ts";
import { seeded } from "./random.ts";
import { hostsFor } from "./testing/hosts.ts";

/** Every run of `size` bytes, as text. */
function grams(bytes: Uint8Array, size: number): Set<string> {
  const text = toText(bytes);
  const result = new Set<string>();
  for (let at = 0; at + size <= text.length; at++) result.add(text.slice(at, at + size));
  return result;
}

/** The runs of `size` bytes that every one of several infected files has and no host. */
function shared(kind: BlindKind, size: number): string[] {
  const hosts = hostsFor(kind);
  let common: string[] | undefined;
  for (const [i, host] of hosts.entries()) {
    const found = grams(kind.infect(host, seeded(`constant ${i}`))!, size);
    common = (common ?? [...found]).filter((gram) => found.has(gram));
  }
  for (const host of hosts) {
    const clean = grams(host, size);
    common = common!.filter((gram) => !clean.has(gram));
  }
  return common!;
}

for (const kind of blindKinds)
  test(`${kind.id}: ${kind.constant === "none" ? "no eight bytes are" : "the part said is"} in all`, () => {
    if (kind.constant === "none") assert.deepEqual(shared(kind, 8), []);
    else {
      const runs = shared(kind, kind.gaps ? 4 : 12).length;
      assert.ok(runs >= 12, String(runs));
      // A stub is short: what is constant and encoded does not show.
      if (kind.constant === "stub") assert.ok(runs < 250, String(runs));
    }
  });
