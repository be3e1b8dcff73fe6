/** Recipes for programs that a constant run alone does not give: one golden case a kind, over hosts that were not learned from. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { Repair } from "@thymus/contracts";
import { repairWith } from "@thymus/repair";
import { afterTypeOf, pairInfections } from "../infection/index.ts";
import { codeLike, elfHosts } from "../infection/testing/hosts.ts";
import { infect } from "../infection/testing/infections.ts";
import { random } from "../infection/testing/random.ts";
import { inferRepairs } from "./index.ts";

const body = codeLike(random(77), 640);
const cat = (...parts: Uint8Array[]) => Buffer.concat(parts);
const keyed = (bytes: Uint8Array, key: Uint8Array) => bytes.map((byte, i) => byte ^ key[i % key.length]!);

interface Kind {
  readonly name: string;
  /** `i` is another number for each host, which makes its keys its own. */
  readonly make: (host: Uint8Array, i: number) => Uint8Array;
  /** What the recipe must use. */
  readonly uses: RegExp;
}

const table = (i: number) => {
  const values = Uint8Array.from({ length: 256 }, (_, value) => value);
  const dice = random(i + 5000);
  for (let at = 255; at > 0; at--) {
    const other = dice.below(at + 1);
    [values[at], values[other]] = [values[other]!, values[at]!];
  }
  return values;
};

const kinds: readonly Kind[] = [
  {
    name: "all of the body under a key of four bytes",
    make: (host, i) => {
      const key = random(i).bytes(4);
      return cat(host, key, keyed(body, key));
    },
    uses: /"view":\{"of":"xor","lag":4\}/,
  },
  {
    name: "all of the body under an added key",
    make: (host, i) =>
      cat(
        host,
        Uint8Array.of(i),
        body.map((byte) => byte + 3 * i),
      ),
    uses: /"view":\{"of":"difference"/,
  },
  {
    name: "all of the body under a sliding key",
    make: (host, i) =>
      cat(
        host,
        body.map((byte, at) => byte ^ (7 * i + at)),
      ),
    uses: /"view":\{"of":"xor","lag":256\}/,
  },
  {
    name: "constant and varying bytes in turn",
    make: (host, i) =>
      cat(
        host,
        body.map((byte, at) => (at % 8 < 4 ? byte : random(i * 700 + at).below(256))),
      ),
    uses: /\?\?/,
  },
  {
    name: "the host turned bit by bit behind the body",
    make: (host, i) =>
      cat(
        body,
        Uint8Array.of(1 + (i % 7)),
        host.map((byte) => (byte << (1 + (i % 7))) | (byte >>> (7 - (i % 7)))),
      ),
    uses: /"kind":"rotate"/,
  },
  {
    name: "the host behind the body by a table of its own",
    make: (host, i) => {
      const own = table(i);
      return cat(
        body,
        own,
        host.map((byte) => own[byte]!),
      );
    },
    uses: /"kind":"table"/,
  },
  {
    name: "the host behind the body by one table for all, which stands nowhere",
    make: (host) =>
      cat(
        body,
        host.map((byte) => table(0)[byte]!),
      ),
    uses: /"kind":"table","table":"[0-9a-f]{512}"/,
  },
  {
    name: "the host deflated behind the body",
    make: (host) => cat(body, deflateRawSync(host)),
    uses: /"kind":"inflate"/,
  },
];

for (const { name, make, uses } of kinds) {
  test(`gives back programs that it has not seen: ${name}`, () => {
    const turn = (round: number) =>
      infect(elfHosts(10, {}, round), (host, i) => Buffer.from(make(host.bytes, 1 + i + 20 * round)));
    const seen = turn(0);
    const { recipes, checked, why } = inferRepairs(pairInfections(seen), seen);
    assert.deepEqual([checked, why], [seen.length, null]);
    assert.match(JSON.stringify(recipes), uses);
    for (const recipe of recipes) assert.deepEqual(Repair.parse(JSON.parse(JSON.stringify(recipe))), recipe);
    for (const specimen of turn(2)) {
      const { before, after, type } = specimen;
      const result = repairWith(recipes, after, afterTypeOf(specimen));
      assert.ok("repaired" in result, JSON.stringify(result));
      assert.deepEqual(Buffer.from(result.repaired), Buffer.from(before));
      assert.ok("refused" in repairWith(recipes, before, type));
    }
  });
}
