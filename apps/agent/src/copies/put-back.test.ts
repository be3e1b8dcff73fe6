import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, lstat, mkdir, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { identifyFile } from "@thymus/detection";
import { readXattrs, writeTimes, writeXattrs } from "../files/libc.ts";
import { sha256Of } from "../files/regular.ts";
import { openAgentDatabase } from "../state/open.ts";
import { DROPPER, digests, PAYLOAD, prescriptionFor, writeScripts } from "../testing/infection.ts";
import { makeScene, type Scene, until } from "../testing/scene.ts";
import { type CopyOutcome, type CopyVerbOptions, openCopyRepairs } from "../verbs/copies.ts";
import { openQuarantine } from "../verbs/quarantine.ts";

const OVERWRITTEN = `#!/bin/sh\n${PAYLOAD}: what stood here is gone\n`;

async function sceneWithCopies(t: TestContext): Promise<Scene> {
  const scene = await makeScene();
  await mkdir(scene.watched, { recursive: true });
  scene.config.agent.copies = [scene.watched];
  t.after(() => scene.close());
  return scene;
}

async function repair(scene: Scene, path: string, options: CopyVerbOptions = {}): Promise<CopyOutcome[]> {
  const verbs = await openCopyRepairs({ dataDir: scene.dataDir, config: scene.config });
  const found: CopyOutcome[] = [];
  for await (const outcome of verbs.repair(path, options)) found.push(outcome);
  await verbs.close();
  return found;
}

async function everything(path: string) {
  const { mode, uid, gid, mtimeNs } = await lstat(path, { bigint: true });
  return { content: sha256Of(await readFile(path)), mode, uid, gid, mtimeNs, xattrs: readXattrs(path) };
}

/** A document that nobody else's clock or umask made, in a place that the agent knows. */
async function writeDocument(scene: Scene, name: string, text: string): Promise<string> {
  const path = join(scene.watched, name);
  await writeFile(path, text);
  const handle = await open(path, "r+");
  try {
    writeXattrs(handle, { "user.note": Buffer.from("the owner's").toString("base64") });
  } catch (error) {
    // Some file systems have no attributes; then there are none to lose.
    assert.match((error as Error).message, /ENOTSUP|EOPNOTSUPP|not supported/i);
  }
  await handle.chmod(0o640);
  writeTimes(handle, 1_000_000_001n, 1_700_000_000_123_456_789n);
  await handle.close();
  return path;
}

test("an overwritten script that no recipe gives back goes back from its copy; one without a copy is held", async (t) => {
  const scene = await sceneWithCopies(t);
  const scripts = await writeScripts(scene.watched, 3);
  await writeFile(scripts[2]!, `${await readFile(scripts[2]!, "utf8")}# ${"x".repeat(300)}\n`);
  scene.config.agent.copyFileBytes = 300;
  const clean = await everything(scripts[0]!);
  await scene.startAgent();
  await scene.server.prescribe(prescriptionFor([sha256Of(Buffer.from(DROPPER))]));
  await until("the first outcome", () => scene.server.outcomes.length > 0);
  await writeFile(scripts[0]!, OVERWRITTEN);
  await until("the copy back", async () => (await digests(scripts.slice(0, 1)))[0] === clean.content);
  assert.deepEqual(await everything(scripts[0]!), clean);
  await writeFile(scripts[2]!, OVERWRITTEN);
  const quarantine = await openQuarantine({ dataDir: scene.dataDir, config: scene.config });
  t.after(() => quarantine.close());
  await until("it is held", async () => (await quarantine.list()).length === 2);
  const held = (await quarantine.list()).find(({ file }) => file.path === scripts[2]);
  assert.match(held!.why, /no copy of its clean content is kept/);
});

test("documents go back with all that they were, the rest is said to be lost, and each step can be undone", async (t) => {
  const scene = await sceneWithCopies(t);
  scene.config.agent.copyFileBytes = 1000;
  const letter = await writeDocument(scene, "letter.txt", "Dear reader,\n");
  const gone = await writeDocument(scene, "gone.txt", "Soon gone.\n");
  const [script, large] = await writeScripts(scene.watched, 2);
  await writeFile(large!, `#!/bin/sh\n# ${"words ".repeat(400)}\n`);
  const clean = await everything(letter);
  const removed = await everything(gone);
  await scene.startAgent();
  await scene.stopAgent();
  assert.deepEqual(
    (await repair(scene, letter)).map(({ result }) => result),
    ["unchanged"],
  );
  await writeFile(letter, "scrambled");
  await chmod(letter, 0o600);
  await rm(gone);
  await writeFile(large!, "scrambled");
  const overwritten = await everything(letter);
  const planned = await repair(scene, scene.watched, { dryRun: true });
  assert.deepEqual(await everything(letter), overwritten, "a dry run changes nothing");
  const done = await repair(scene, scene.watched);
  assert.deepEqual(done, planned);
  assert.deepEqual(
    Object.fromEntries(
      done.filter(({ result }) => result !== "unchanged").map(({ path, result }) => [path, result]),
    ),
    { [letter]: "back", [gone]: "back", [large!]: "lost" },
  );
  assert.ok(done.some(({ path, result }) => path === script && result === "unchanged"));
  assert.deepEqual([await everything(letter), await everything(gone)], [clean, removed]);
  assert.equal(await readFile(large!, "utf8"), "scrambled", "what is lost is left alone");
  const quarantine = await openQuarantine({ dataDir: scene.dataDir, config: scene.config });
  const [entry, ...more] = await quarantine.list();
  assert.deepEqual(more, []);
  await quarantine.restore(entry!.id);
  await quarantine.close();
  assert.deepEqual(await everything(letter), overwritten);
});

test("what was copied after it was overwritten does not hide the copy from before", async (t) => {
  const scene = await sceneWithCopies(t);
  const letter = await writeDocument(scene, "letter.txt", "Dear reader,\n");
  await scene.startAgent();
  const before = new Date().toISOString();
  await writeFile(letter, "scrambled, which no rule finds");
  await until("its copy", async () => {
    const [outcome] = await repair(scene, letter, { dryRun: true });
    return outcome?.why?.includes("--before") === true;
  });
  await scene.stopAgent();
  assert.deepEqual(
    (await repair(scene, letter, { before })).map(({ result }) => result),
    ["back"],
  );
  assert.equal(await readFile(letter, "utf8"), "Dear reader,\n");
  const [none] = await repair(scene, letter, { before: "2001-01-01T00:00:00Z" });
  assert.equal(none!.result, "lost");
});

test("by hand too, a copy that an active rule finds is left out for the next older one", async (t) => {
  const scene = await sceneWithCopies(t);
  const letter = await writeDocument(scene, "letter.txt", "Dear reader,\n");
  const clean = await everything(letter);
  for (const text of ["Dear reader,\n", `${PAYLOAD}once`, `${PAYLOAD}twice`]) {
    if (text.startsWith(PAYLOAD)) await writeFile(letter, text);
    await scene.startAgent();
    await scene.stopAgent();
  }
  assert.equal((await repair(scene, letter))[0]!.result, "unchanged", "no rule is known");
  const known = prescriptionFor([sha256Of(Buffer.from(DROPPER))]);
  const type = identifyFile(await readFile(letter), "letter.txt");
  const document = JSON.stringify({ ...known, detect: { ...known.detect, scope: [type] } });
  const db = await openAgentDatabase(scene.dataDir);
  const [changed, state] = [new Date().toISOString(), "active" as const];
  await db
    .insertInto("prescription")
    .values({ id: known.id, state, document, why: null, case_id: null, scanned: 1, changed })
    .execute();
  await db.destroy();
  const [planned] = await repair(scene, letter, { dryRun: true });
  const [done] = await repair(scene, letter);
  assert.deepEqual(done, planned);
  assert.deepEqual([done!.result, done!.why], ["back", "an active rule finds 2 newer"]);
  assert.deepEqual(await everything(letter), clean);
  const [none] = await repair(scene, letter, { before: done!.copied! });
  assert.equal(none!.result, "lost");
});

const agentProgram = fileURLToPath(new URL("../testing/agent-process.ts", import.meta.url));
const putBackProgram = fileURLToPath(new URL("../testing/put-back-process.ts", import.meta.url));

test("killed while it copies and while it puts back, everything is complete in the end", async (t) => {
  const scene = await sceneWithCopies(t);
  const { dataDir, config, dir, watched } = scene;
  const letter = await writeDocument(scene, "letter.txt", "Dear reader,\n");
  const died = join(dir, "died");
  const env = (failpoint: string | null) =>
    failpoint ? { ...process.env, THYMUS_FAILPOINT: failpoint, THYMUS_FAILPOINT_ONCE: died } : process.env;
  const startedUntil = async (place: string) => {
    const child = spawn(process.execPath, [agentProgram, JSON.stringify({ dataDir, config })], {
      env: env(place),
      stdio: "ignore",
    });
    await once(child, "exit");
    assert.equal(child.signalCode, "SIGKILL", place);
    await rm(died, { force: true });
  };
  const sealed = async () => (await readdir(join(dataDir, "copies"))).filter((name) => name.endsWith(".age"));
  const newest = async () => (await repair(scene, letter, { dryRun: true }))[0];
  await startedUntil("agent.copy.before-seal");
  await startedUntil("agent.copy.before-record");
  await scene.startAgent();
  await scene.stopAgent();
  assert.equal((await sealed()).length, 1);
  for (const text of ["Dear readers\n", "Dear writers\n"]) {
    await writeFile(letter, text);
    await scene.startAgent();
    await scene.stopAgent();
  }
  assert.equal((await sealed()).length, 3);
  // Room for three: a fourth pushes out the one between the newest and the oldest.
  const sizes = (await sealed()).map(async (name) => (await lstat(join(dataDir, "copies", name))).size);
  config.agent.copyBytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  await writeDocument(scene, "letter.txt", "Dear reader!\n");
  const clean = await everything(letter);
  await startedUntil("agent.copy.before-drop");
  assert.equal((await sealed()).length, 3, "killed before the sealed file went");
  await scene.startAgent();
  await scene.stopAgent();
  assert.equal((await sealed()).length, 3);
  assert.equal((await newest())!.result, "unchanged");
  const overwritten = Buffer.from("scrambled");
  const overwriting = [
    "agent.repair.before-quarantine",
    "agent.repair.before-swap",
    "agent.repair.after-swap",
  ];
  const missing = ["agent.copy.before-rename", "agent.copy.after-rename"];
  for (const place of [...overwriting, ...missing]) {
    if (missing.includes(place)) await rm(letter);
    else await writeFile(letter, overwritten);
    const killed = spawnSync(
      process.execPath,
      [putBackProgram, JSON.stringify({ dataDir, config, path: letter })],
      {
        env: env(place),
      },
    );
    assert.equal(killed.signal, "SIGKILL", place);
    await rm(died, { force: true });
    const between = await readFile(letter).catch(() => null);
    assert.ok(between === null || [clean.content, sha256Of(overwritten)].includes(sha256Of(between)), place);
    const [again] = await repair(scene, letter);
    assert.ok(again!.result === "back" || again!.result === "unchanged", place);
    assert.deepEqual(await everything(letter), clean, place);
    assert.deepEqual(
      (await readdir(watched)).filter((name) => name.startsWith(".thymus-tmp-")),
      [],
    );
  }
});
