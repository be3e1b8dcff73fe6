/** The generic repair of packages/repair over every kind of inert infection: no recipe, only the clean file's fingerprint. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fingerprintOf, rebuild } from "@thymus/repair";
import { elfHost, textHost } from "../infection/testing/hosts.ts";
import { inertInfections } from "../infection/testing/inert/index.ts";
import { random } from "../infection/testing/random.ts";

test("each inert infection that keeps the host's bytes is undone by the fingerprint, others are refused", () => {
  // Bodies in new sections differ in nothing that is looked at here, and take a second each.
  const kinds = inertInfections.filter(
    ({ id }) => !id.startsWith("elf-section") || id === "elf-section-full",
  );
  for (const { id, types, keepsBytes, infect } of kinds) {
    const type = types[0]!;
    const { bytes } = type === "elf64" ? elfHost(7001) : textHost(type, 7001);
    const infected = infect(bytes, random(41));
    if (infected === null) continue;
    const result = rebuild(fingerprintOf(bytes)!, infected);
    assert.equal("rebuilt" in result, keepsBytes, `${id}: ${JSON.stringify(result)}`);
    if ("rebuilt" in result) assert.deepEqual(Buffer.from(result.rebuilt), Buffer.from(bytes), id);
  }
});
