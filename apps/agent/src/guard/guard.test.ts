import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { silentLogger } from "@thymus/contracts";
import { needs } from "@thymus/testkit";
import type { AccessSettings } from "./channel.ts";
import { type Ask, Guard } from "./guard.ts";
import { privateTmpfs } from "./testing/private-mounts.ts";
import { pause, shell, until } from "./testing/shell.ts";

const skip = needs("root", "fanotify");
const SIGN = "qz7-never-run-9f2c41d8e6b35a07 this text";

/** A guarded tmpfs whose files are infected where they contain the sign. */
async function scene(t: TestContext, change: Partial<AccessSettings> = {}) {
  const mounted = privateTmpfs();
  t.after(() => mounted.remove());
  const folder = mounted.path;
  const asked: string[] = [];
  const guard = await Guard.start({
    log: silentLogger,
    family: false,
    access: {
      mode: "deny",
      folders: [folder],
      deadlineMs: 2000,
      whenUnsure: "allow",
      ignoreMarks: false,
      ...change,
    },
  });
  t.after(() => guard.close());
  guard.onAsk = async (ask: Ask) => {
    asked.push(ask.path);
    const infected = readFileSync(ask.open, "latin1").includes(SIGN);
    return { verdict: infected ? "deny" : "allow", keep: ask.identity };
  };
  await pause(150);
  const program = (name: string, text: string) => {
    const path = `${folder}/${name}`;
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
    // What changed a moment ago is asked about again and again.
    spawnSync("sleep", ["0.05"]);
    return path;
  };
  return { asked, folder, guard, program };
}

test("an infected file is neither run nor opened, and known then; a good one is asked about once", {
  skip,
}, async (t) => {
  const { asked, guard, program } = await scene(t);
  const good = program("good", "echo fine");
  const bad = program("bad", `echo ${SIGN}`);
  assert.equal((await shell(good)).stdout, "fine\n");
  assert.equal((await shell(good)).stdout, "fine\n");
  assert.deepEqual(asked, [good]);
  const told: boolean[] = [];
  guard.onRefused = ({ denied }) => told.push(denied);
  for (const command of [bad, `cat ${bad}`, `/bin/sh ${bad}`]) {
    const { status, stdout } = await shell(command);
    assert.notEqual(status, 0, command);
    assert.equal(stdout, "");
  }
  assert.deepEqual(asked, [good, bad]);
  await until("refusals from memory", () => told.length === 2);
  await until("the count", () => guard.counts()?.denied === 3);
});

test("observe lets an infected file pass, and says each time that it would have been refused", {
  skip,
}, async (t) => {
  const { guard, program } = await scene(t, { mode: "observe" });
  const bad = program("bad", `echo ${SIGN}`);
  const told: boolean[] = [];
  guard.onRefused = ({ denied }) => told.push(denied);
  for (let turn = 0; turn < 2; turn++) assert.equal((await shell(bad)).stdout, `${SIGN}\n`);
  await until("it is told", () => told.length > 0);
  assert.ok(told.every((denied) => !denied));
  assert.equal(guard.counts()?.denied, 0);
});

for (const ignoreMarks of [false, true])
  test(`a good file that changed is asked about anew, with ignore marks ${ignoreMarks ? "on" : "off"}`, {
    skip,
  }, async (t) => {
    const { asked, guard, program } = await scene(t, { ignoreMarks });
    const path = program("tool", "echo one");
    for (let turn = 0; turn < 5; turn++) await shell(path);
    assert.deepEqual(asked, [path]);
    if (ignoreMarks) await until("an ignore mark", () => (guard.counts()?.ignored ?? 0) > 0);
    // The same length, and the time of the content set back: the time of the change tells.
    program("tool", "echo two");
    utimesSync(path, 0, 0);
    spawnSync("sleep", ["0.05"]);
    assert.equal((await shell(path)).stdout, "two\n");
    assert.deepEqual(asked, [path, path]);
    program("tool", `echo ${SIGN}`);
    assert.notEqual((await shell(path)).status, 0);
    guard.forget();
    await pause(100);
    assert.notEqual((await shell(path)).status, 0);
    assert.equal(asked.length, 4, "new rules ask about everything once more");
  });

for (const whenUnsure of ["allow", "deny"] as const)
  test(`an answer that does not come in time is ${whenUnsure}`, { skip }, async (t) => {
    const { asked, guard, program } = await scene(t, { deadlineMs: 300, whenUnsure });
    const path = program("tool", "echo fine");
    guard.onAsk = (ask) => {
      asked.push(ask.path);
      return new Promise(() => {});
    };
    const began = performance.now();
    const { stdout } = await shell(path);
    t.diagnostic(`answered after ${Math.round(performance.now() - began)} ms of a deadline of 300 ms`);
    assert.equal(stdout, whenUnsure === "allow" ? "fine\n" : "");
    assert.deepEqual(asked, [path], "and nobody waits twice for the same");
    await until("the count", () => (guard.counts()?.expired ?? 0) > 0);
  });

test("a FIFO, an empty file and a folder are no question", { skip }, async (t) => {
  const { asked, folder } = await scene(t);
  mkdirSync(`${folder}/sub`);
  const { stdout } = await shell(
    `cd ${folder}; : > empty; cat empty; ls sub; mkfifo pipe; (echo through > pipe &) ; cat pipe`,
  );
  assert.equal(stdout, "through\n");
  assert.deepEqual(asked, []);
});

test("a stopped answering process dies of its timer, lets all through, and is started anew", {
  skip,
}, async (t) => {
  const { guard, program } = await scene(t, { deadlineMs: 400 });
  const path = program("tool", "echo fine");
  const first = guard.pid!;
  process.kill(first, "SIGSTOP");
  const began = performance.now();
  assert.equal((await shell(path)).stdout, "fine\n");
  t.diagnostic(`let through after ${Math.round(performance.now() - began)} ms of a deadline of 400 ms`);
  await until("another process", () => guard.pid !== null && guard.pid !== first && guard.restarts === 1);
  const bad = program("bad", `echo ${SIGN}`);
  await until("its work", async () => (await shell(bad)).status !== 0);
  assert.deepEqual(guard.notices(), []);
});
