import assert from "node:assert/strict";
import { test } from "node:test";
import { repairWith } from "@thymus/repair";
import { afterTypeOf, pairInfections } from "../infection/index.ts";
import { elfRegions } from "../infection/regions.ts";
import { elfHosts } from "../infection/testing/hosts.ts";
import { CODE, infect } from "../infection/testing/infections.ts";
import { inferRepairs } from "./index.ts";

const HEADER = 64;
const PAGE = 4096;

/** A page put in behind the program headers, with all offsets behind it corrected. */
function shifted(host: Uint8Array): Buffer {
  const tables = HEADER + 56 * Buffer.from(host).readUInt16LE(56);
  const moved = Buffer.from(host);
  const raise = (at: number) => {
    const value = moved.readBigUInt64LE(at);
    if (value >= BigInt(tables)) moved.writeBigUInt64LE(value + BigInt(PAGE), at);
  };
  for (const { kind, start } of elfRegions(host)) {
    if (kind === "phdr") raise(start + 8);
    if (kind === "shdr") raise(start + 24);
  }
  raise(40);
  const page = Buffer.alloc(PAGE);
  page.set(CODE);
  return Buffer.concat([moved.subarray(0, tables), page, moved.subarray(tables)]);
}

test("programs whose tables were corrected come back, each also by a recipe that was made without it", () => {
  const turn = (round: number) => infect(elfHosts(8, {}, round), ({ bytes }) => shifted(bytes));
  const seen = turn(0);
  const { recipes, checked, heldOut, why } = inferRepairs(pairInfections(seen), seen);
  assert.deepEqual([checked, heldOut, why], [seen.length, seen.length, null]);
  assert.ok(recipes.some(({ unshift }) => unshift !== undefined));
  for (const specimen of turn(2)) {
    const result = repairWith(recipes, specimen.after, afterTypeOf(specimen));
    assert.ok("repaired" in result, JSON.stringify(result));
    assert.deepEqual(Buffer.from(result.repaired), Buffer.from(specimen.before));
  }
});
