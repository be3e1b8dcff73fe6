import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { sha256Of } from "../files/regular.ts";
import { DROPPER, digests, infect, PAYLOAD, prescriptionFor, writeScripts } from "../testing/infection.ts";
import { makeScene, until } from "../testing/scene.ts";

test("where no recipe fits, the baseline's fingerprint gives a file back; what it cannot give back is held", async (t) => {
  const scene = await makeScene();
  t.after(() => scene.close());
  const { server, watched } = scene;
  const scripts = await writeScripts(watched, 3);
  const clean = await digests(scripts);
  await scene.startAgent();
  const dropper = join(watched, "setup.sh");
  await writeFile(dropper, DROPPER, { mode: 0o755 });
  await infect(scripts[0]!);
  // Of this one the middle is gone.
  const bytes = await readFile(scripts[1]!, "utf8");
  await writeFile(scripts[1]!, `#!/bin/sh\n${PAYLOAD}${bytes.slice(60)}`);
  await until("a submitted sample", () => server.samples.size === 1);
  const sample = [...server.samples.values()][0]!;
  await server.prescribe(prescriptionFor([sha256Of(sample)], { repair: [] }));
  await until("an outcome", () => server.outcomes.length > 0);
  const results = new Map(server.outcomes[0]!.files.map((file) => [file.path, file]));
  assert.equal(results.get(scripts[0]!)?.result, "repaired");
  assert.equal(results.get(scripts[0]!)?.sha256After, clean[0]);
  assert.deepEqual(await digests([scripts[0]!, scripts[2]!]), [clean[0], clean[2]]);
  assert.equal(results.get(scripts[1]!)?.result, "refused");
  assert.match(results.get(scripts[1]!)?.why ?? "", /by its fingerprint: \d+ of the clean file's \d+ bytes/);
  await until("it is told how", () =>
    server.events.some(
      ({ what }) => what.startsWith(`repaired ${scripts[0]}`) && what.includes("by its fingerprint"),
    ),
  );
});
