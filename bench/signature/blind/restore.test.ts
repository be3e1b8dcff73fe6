import assert from "node:assert/strict";
import { test } from "node:test";
import { blindKinds } from "./index.ts";
import { seeded } from "./random.ts";
import { hostsFor, realPrograms } from "./testing/hosts.ts";

const programs = realPrograms();

for (const kind of blindKinds)
  test(`${kind.id}: ${kind.keepsBytes ? "the host comes back byte for byte" : "has no inverse"}`, () => {
    assert.equal(kind.restore !== undefined, kind.keepsBytes);
    const hosts = [...hostsFor(kind), ...(kind.hosts === "elf" ? programs : [])];
    for (const [i, host] of hosts.entries())
      for (let generation = 0; generation < 3; generation++) {
        const infected = kind.infect(host, seeded(`${kind.id} ${i} ${generation}`));
        if (i < 5) assert.ok(infected, `built host ${i} does not suit`);
        if (!infected) continue;
        assert.ok(!Buffer.from(host).equals(infected), `host ${i} unchanged`);
        if (kind.restore)
          assert.ok(Buffer.from(host).equals(kind.restore(infected)), `host ${i} not restored`);
      }
  });

test("every kind suits a program of this machine, where there are such", {
  skip: programs.length === 0,
}, () => {
  for (const kind of blindKinds.filter(({ hosts }) => hosts === "elf"))
    assert.ok(
      programs.some((host) => kind.infect(host, seeded(kind.id))),
      kind.id,
    );
});
