import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, readFileSync, writeFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { silentLogger } from "@thymus/contracts";
import { needs } from "@thymus/testkit";
import { Guard } from "./guard.ts";
import { privateTmpfs } from "./testing/private-mounts.ts";
import { pause, shell, until } from "./testing/shell.ts";

const skip = needs("root", "fanotify");
const SIGN = "#!/bin/sh\necho qz7-never-run-9f2c41d8e6b35a07 this text\n";
const FINE = "#!/bin/sh\necho fine, and just as long as the other text is\n".slice(0, SIGN.length);
const NOBODY = 65534;
const program = fileURLToPath(new URL("./testing/mapper.ts", import.meta.url));

/** A guarded tmpfs with one good program that was opened before and is known. */
async function scene(t: TestContext, owner: number) {
  const mounted = privateTmpfs();
  t.after(() => mounted.remove());
  const asked: string[] = [];
  const guard = await Guard.start({
    log: silentLogger,
    family: false,
    access: {
      ...{ mode: "deny", folders: [mounted.path], whenUnsure: "allow" },
      ...{ deadlineMs: 5000, ignoreMarks: true },
    },
  });
  t.after(() => guard.close());
  guard.onAsk = async (ask) => {
    asked.push(ask.path);
    const infected = readFileSync(ask.open, "latin1").includes(SIGN);
    return { verdict: infected ? "deny" : "allow", keep: ask.identity };
  };
  await pause(150);
  const put = (name: string, text: string) => {
    const path = `${mounted.path}/${name}`;
    writeFileSync(path, text);
    chmodSync(path, 0o755);
    chownSync(path, owner, owner);
    // What changed a moment ago is asked about again and again.
    spawnSync("sleep", ["0.05"]);
    return path;
  };
  const path = put("tool", FINE);
  const know = async () => {
    for (let turn = 0; turn < 3; turn++) assert.equal((await shell(`cat ${path}`)).status, 0);
    if (owner === 0) await until("an ignore mark", () => (guard.counts()?.ignored ?? 0) > 0);
  };
  const mapper = () => {
    const child = spawn(process.execPath, ["--no-warnings", program, path], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    t.after(() => child.kill("SIGKILL"));
    return async (...order: string[]) => {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      await once(child.stdout, "data");
    };
  };
  return { asked, guard, know, mapper, path, put };
}

/** Refused to be opened and to be run. */
async function refused(path: string): Promise<void> {
  for (const command of [path, `cat ${path}`]) {
    const { status, stdout } = await shell(command);
    assert.deepEqual([status === 0, stdout], [false, ""], command);
  }
}

for (const owner of [0, NOBODY]) {
  const whose = owner === 0 ? "root's" : "a user's";

  test(`${whose} file that is written through memory, opened after it was known, is refused once closed`, {
    skip,
  }, async (t) => {
    const { guard, know, mapper, path } = await scene(t, owner);
    await know();
    const writer = mapper();
    await writer("open");
    await pause(50);
    await writer("store", SIGN);
    await writer("close");
    // That of a file with an ignore mark is told by a notification.
    if (owner === 0) await until("it is asked about", async () => (await shell(path)).status !== 0);
    await refused(path);
    await until("the count", () => (guard.counts()?.denied ?? 0) >= 2);
  });

  test(`${whose} file that is mapped while it is looked into is not believed when it is closed`, {
    skip,
  }, async (t) => {
    const { asked, know, mapper, path } = await scene(t, owner);
    const writer = mapper();
    await writer("open");
    await writer("store", FINE);
    await pause(50);
    for (let turn = 0; turn < 2; turn++) assert.equal((await shell(`cat ${path}`)).stdout, FINE);
    await writer("store", SIGN);
    await writer("close");
    await refused(path);
    assert.ok(asked.length >= 2);
    writeFileSync(path, FINE);
    spawnSync("sleep", ["0.05"]);
    await know();
  });

  test(`${whose} known file: renamed over, cut off, written through another name or appended to, it is asked about`, {
    skip,
  }, async (t) => {
    const { asked, know, path, put } = await scene(t, owner);
    const write = `printf '%s\n' '${SIGN}'`;
    const changes = [
      () => shell(`mv -f ${put("other", SIGN)} ${path}`),
      () => shell(`ln -f ${path} ${path}.link && ${write} > ${path}.link`),
      () => shell(`truncate -s 0 ${path} && ${write} >> ${path}`),
      () => shell(`${write} >> ${path}`),
      () => shell(`${write} | dd of=${path} conv=notrunc status=none`),
    ];
    for (const change of changes) {
      put("tool", FINE);
      await know();
      const before = asked.length;
      assert.equal((await change()).status, 0);
      spawnSync("sleep", ["0.05"]);
      await refused(path);
      assert.ok(asked.length > before);
    }
  });
}

test("a file that is only ever opened for writing is asked about once, and once more when it is only read", {
  skip,
}, async (t) => {
  const { asked, path } = await scene(t, NOBODY);
  for (let turn = 0; turn < 4; turn++) assert.equal((await shell(`: <> ${path}`)).status, 0);
  assert.equal(asked.length, 1);
  for (let turn = 0; turn < 4; turn++) assert.equal((await shell(`: < ${path}`)).status, 0);
  assert.equal(asked.length, 2);
});
