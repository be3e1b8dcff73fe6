import assert from "node:assert/strict";
import { chmod, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { DROPPER, infect, writeScripts } from "../testing/infection.ts";
import { makeScene, noPackages, until } from "../testing/scene.ts";

test("what changes again while it waits to be judged is judged with what changed before it", async (t) => {
  const scene = await makeScene();
  t.after(() => scene.close());
  const { server, watched } = scene;
  const scripts = await writeScripts(watched, 2);
  let asked = () => {};
  let go = () => {};
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const mayGo = new Promise<void>((resolve) => {
    go = resolve;
  });
  let closed = false;
  const busy = async () => {
    if (!closed) return false;
    asked();
    await mayGo;
    return false;
  };
  await scene.startAgent(undefined, { ...noPackages, busy });
  const decoy = (await readdir(watched)).find((name) => name.startsWith(".") && name.endsWith(".sh"))!;
  closed = true;
  // Its planting, or a change of its mode, is told and harmless.
  await chmod(join(watched, decoy), 0o700);
  await isAsked;
  await writeFile(join(watched, "setup.sh"), DROPPER, { mode: 0o755 });
  for (const path of [...scripts, join(watched, decoy)]) await infect(path);
  go();
  await until("a submitted sample", () => server.samples.size === 1);
  assert.equal([...server.samples][0]![1].toString(), DROPPER);
});

test("a file that is written to again and again is judged nevertheless", async (t) => {
  const scene = await makeScene();
  t.after(() => scene.close());
  const { server, watched } = scene;
  await writeScripts(watched, 2);
  let decoy = "";
  let writes = 0;
  // Whenever it is about to be judged.
  const busy = async () => {
    if (decoy) await writeFile(decoy, `#!/bin/sh\necho ${writes++}\n`);
    return false;
  };
  await scene.startAgent(undefined, { ...noPackages, busy });
  const name = (await readdir(watched)).find((each) => each.startsWith(".") && each.endsWith(".sh"))!;
  decoy = join(watched, name);
  await writeFile(decoy, "#!/bin/sh\necho begun\n");
  await until("a case", () => server.cases.size === 1);
  assert.ok(writes >= 2, "it was put off once");
});
