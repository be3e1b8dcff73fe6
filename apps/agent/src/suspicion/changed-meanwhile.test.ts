import assert from "node:assert/strict";
import { appendFileSync, chmodSync, readFileSync, writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { DROPPER, infected, writeScripts } from "../testing/infection.ts";
import { makeScene, noPackages, until } from "../testing/scene.ts";

test("what changes again while it waits to be judged is judged with what changed before it", async (t) => {
  const scene = await makeScene();
  t.after(() => scene.close());
  const { server, watched } = scene;
  const scripts = await writeScripts(watched, 2);
  let decoy = "";
  let done = false;
  // Asked just before a changed file is read.
  const claim = async (path: string) => {
    if (done || decoy === "" || path !== scripts[0]) return null;
    done = true;
    writeFileSync(join(watched, "setup.sh"), DROPPER, { mode: 0o755 });
    for (const each of [...scripts, decoy]) writeFileSync(each, infected(readFileSync(each)));
    return null;
  };
  await scene.startAgent(undefined, { ...noPackages, claim });
  const name = (await readdir(watched)).find((each) => each.startsWith(".") && each.endsWith(".sh"))!;
  decoy = join(watched, name);
  // Both are told, and are harmless so far.
  for (const path of [decoy, scripts[0]!]) chmodSync(path, 0o700);
  await until("a submitted sample", () => server.samples.size === 1);
  assert.equal([...server.samples][0]![1].toString(), DROPPER);
  const said = await readFile(join(scene.dataDir, "events.ndjson"), "utf8");
  assert.ok(!said.includes(`accepted ${scripts[0]}`), said);
});

test("a file that is written to whenever it is to be judged is put off once only", async (t) => {
  const scene = await makeScene();
  t.after(() => scene.close());
  const [script] = await writeScripts(scene.watched, 2);
  let begun = false;
  const busy = async () => {
    if (begun) appendFileSync(script!, "echo once more\n");
    return false;
  };
  await scene.startAgent(undefined, { ...noPackages, busy });
  begun = true;
  appendFileSync(script!, "echo begun\n");
  await until("it is accepted", async () =>
    (await readFile(join(scene.dataDir, "events.ndjson"), "utf8").catch(() => "")).includes(
      `accepted ${script}`,
    ),
  );
});
