import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, mkdir, open, readFile, rename, symlink, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { sha256Of } from "../files/regular.ts";
import { digests, infect, prescriptionFor, writeScripts } from "../testing/infection.ts";
import { makeScene, until } from "../testing/scene.ts";
import { type BaselineDifference, openBaseline } from "../verbs/baseline.ts";

test("FIFOs, sockets, folders named like scripts, links, huge and unreadable files neither hang nor mislead", async (t) => {
  const scene = await makeScene();
  t.after(() => scene.close());
  const { server, watched, dir } = scene;
  const scripts = await writeScripts(watched, 3);
  const clean = await digests(scripts);
  const outside = await writeScripts(join(dir, "outside"), 1);
  await infect(outside[0]!);
  const outsideBytes = await readFile(outside[0]!);
  const strange = async (suffix: string) => {
    execFileSync("mkfifo", [join(watched, `fifo${suffix}.sh`)]);
    await mkdir(join(watched, `folder${suffix}.sh`));
    await symlink(outside[0]!, join(watched, `link${suffix}.sh`));
    await symlink(join(dir, "outside"), join(watched, `tree${suffix}`));
    const huge = join(watched, `huge${suffix}.sh`);
    await writeFile(huge, "#!/bin/sh\nexit 0\n");
    await truncate(huge, 3 * 1024 ** 3);
    const closed = join(watched, `closed${suffix}.sh`);
    await writeFile(closed, "#!/bin/sh\n");
    await chmod(closed, 0);
  };
  await strange("1");
  const socket = createServer().listen(join(watched, "socket.sh"));
  t.after(() => socket.close());
  await scene.startAgent();
  await server.prescribe(prescriptionFor([sha256Of(Buffer.from("a sample"))]));
  await until("immunity", () => server.outcomes.length === 1);
  await strange("2");
  await infect(scripts[0]!);
  await until("the repair", async () => (await digests(scripts)).join() === clean.join());
  assert.deepEqual(await readFile(outside[0]!), outsideBytes, "what a link leads to is not ours");
  assert.equal(server.cases.size, 0);
});

test("folders made within one another, moved in and renamed are watched like any other", async (t) => {
  const scene = await makeScene();
  t.after(() => scene.close());
  const { server, watched, dir } = scene;
  await writeScripts(watched, 1);
  await scene.startAgent();
  await server.prescribe(prescriptionFor([sha256Of(Buffer.from("a sample"))]));
  await until("immunity", () => server.outcomes.length === 1);
  const deep = join(watched, "a", "b", "c", "d");
  await mkdir(deep, { recursive: true });
  const [inDeep] = await writeScripts(deep, 1);
  const [source] = await writeScripts(join(dir, "moved"), 1);
  const clean = sha256Of(await readFile(inDeep!));
  await infect(source!);
  await rename(join(dir, "moved"), join(watched, "moved"));
  await until(
    "the moved one",
    async () => sha256Of(await readFile(join(watched, "moved", "tool-0.sh"))) === clean,
  );
  await infect(inDeep!);
  await until("the deep one", async () => sha256Of(await readFile(inDeep!)) === clean);
  await rename(join(watched, "a"), join(watched, "z"));
  const renamed = join(watched, "z", "b", "c", "d", "tool-0.sh");
  await infect(renamed);
  await until("the renamed one", async () => sha256Of(await readFile(renamed)) === clean);
});

test("a program that becomes something else, and the verbs of the baseline", async (t) => {
  const scene = await makeScene();
  t.after(() => scene.close());
  const scripts = await writeScripts(scene.watched, 3);
  await scene.startAgent();
  await scene.stopAgent();
  const verbs = await openBaseline(scene);
  t.after(() => verbs.close());
  const check = async () => {
    const found: BaselineDifference[] = [];
    await verbs.check([], { onDifference: (difference) => found.push(difference) });
    return found.sort((a, b) => (a.path < b.path ? -1 : 1));
  };
  assert.deepEqual(await check(), []);
  await writeFile(scripts[0]!, Buffer.alloc(100, 0x81));
  const handle = await open(join(scene.watched, "new.sh"), "w");
  await handle.writeFile("#!/bin/sh\n");
  await handle.close();
  await rename(scripts[2]!, join(scene.dir, "elsewhere"));
  assert.deepEqual(
    (await check()).map(({ path, what }) => [path, what]),
    [
      [join(scene.watched, "new.sh"), "appeared"],
      [scripts[0], "changed"],
      [scripts[2], "gone"],
    ],
  );
  assert.equal((await verbs.accept([scripts[0]!])).differences, 1);
  assert.equal((await check()).length, 2);
  await verbs.create();
  await verbs.accept();
  assert.deepEqual(await check(), []);
  await assert.rejects(verbs.check([join(scene.dir, "nothing")]), { code: "NOT_FOUND" });
});
