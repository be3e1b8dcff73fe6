/** Samples that never end or take all they can get: each ends within its budget, with a result. */
import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import test, { after, before } from "node:test";
import { needs } from "@thymus/testkit";
import { inputDisk, MIB, outputDisk } from "../layout.ts";
import { ownMachines, type TestChamber, testChamber } from "../testing/in-chamber.ts";

const skip = needs("qemu", "bwrap", "root", "apt");
let chamber: TestChamber;

before(
  async () => {
    if (!skip) chamber = await testChamber();
  },
  { timeout: 900_000 },
);
after(async () => {
  await chamber?.close();
});

/** Blocks of the host's disk that the machines' folders take, in bytes. */
async function taken(): Promise<number> {
  let sum = 0;
  for (const pid of await ownMachines())
    for (const name of ["input", "output"]) {
      const { blocks } = await stat(`/proc/${pid}/root/r/${name}`).catch(() => ({ blocks: 0 }));
      sum += 512 * blocks;
    }
  return sum;
}

const samples: Readonly<Record<string, string>> = {
  "a fork bomb": "#!/bin/bash\nbomb() { bomb | bomb & }\nbomb\nsleep 3600\n",
  "a disk filler": `#!/bin/sh
for place in . /tmp /dev/shm "$HOME" /var/tmp; do
  truncate -s 900G $place/sparse
  for name in 1 2 3 4 5 6; do dd if=/dev/urandom of=$place/full$name bs=1M count=120 2>/dev/null; done
done
while :; do for place in . /tmp /dev/shm; do : >$place/$$-$RANDOM; mktemp -p $place; done; done
`,
  "a sleeper": "#!/bin/sh\nsleep 3600\n",
  "an endless printer": "#!/bin/sh\nyes a line that does not end\n",
  "a memory hog":
    "#!/bin/sh\nexec python3 -c 'a = []\nwhile True: a.append(bytearray(b\"x\" * 10_000_000))'\n",
};

for (const [name, text] of Object.entries(samples))
  test(`${name} ends within its budget, with a result`, { skip }, async (context) => {
    let most = 0;
    let watching = true;
    const watch = (async () => {
      while (watching) {
        most = Math.max(most, await taken());
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    })();
    const budgetSeconds = 15;
    let result = await chamber.run(text, "shell", { budgetSeconds });
    // The host's seconds are fewer to a guest on a busy machine: there a flooded one gets a second try.
    if (result.ended === "host-timeout" && loadavg()[0]! > 2 * availableParallelism())
      result = await chamber.run(text, "shell", { budgetSeconds });
    watching = false;
    await watch;
    context.diagnostic(
      `${result.ended} ${result.exitStatus} after ${result.seconds.toFixed(1)} s, ${Math.round(most / MIB)} MiB on the host`,
    );
    assert.notEqual(result.ended, "host-timeout");
    // What the host grants a flooded guest for packing.
    assert.ok(result.seconds <= budgetSeconds + 31);
    assert.ok(result.trace.some((event) => event.what === "exec"));
    if (name === "a sleeper")
      assert.ok(result.trace.some((event) => event.what === "sleep" && event.detail === "3600"));
    assert.ok(most <= inputDisk.size + outputDisk.size);
  });
