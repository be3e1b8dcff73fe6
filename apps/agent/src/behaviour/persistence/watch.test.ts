import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { silentLogger } from "@thymus/contracts";
import { needs } from "@thymus/testkit";
import { until } from "../../testing/scene.ts";
import { homesOf, persistenceFolders } from "./folders.ts";
import { PersistenceWatch } from "./watch.ts";

test("the known places are watched without being named: those of the system, and in the homes of root and of people", () => {
  const passwd =
    "root:x:0:0:root:/root:/bin/bash\nmail:x:8:8::/var/mail:/sbin/nologin\nann:x:1000:1000::/home/ann:/bin/sh\nnobody:x:65534:65534::/nonexistent:/sbin/nologin\nbroken\n";
  assert.deepEqual(homesOf(passwd), ["/root", "/home/ann"]);
  const folders = persistenceFolders();
  for (const path of ["/etc", "/etc/cron.d", "/etc/systemd/system", "/etc/profile.d", "/etc/xdg/autostart"])
    assert.ok(folders.includes(path), path);
});

test("who writes what runs later is told, also in a folder that came after; other files there are not", {
  skip: needs("root"),
}, async (t) => {
  const home = realpathSync(mkdtempSync(join(tmpdir(), "thymus-settles-")));
  const seen: { path: string; pid: number }[] = [];
  const watch = new PersistenceWatch({
    folders: () => [home, join(home, ".ssh"), join(home, ".config/autostart")],
    onChange: (path, pid) => seen.push({ path, pid }),
    ...{ log: silentLogger, pollMs: 20 },
  });
  t.after(() => {
    watch.close();
    rmSync(home, { recursive: true });
  });
  const run = async (script: string) => {
    const child = spawn("sh", ["-c", script], { cwd: home, stdio: "ignore" });
    await once(child, "exit");
    return child.pid!;
  };
  const first = await run("echo x > notes.txt; echo 'alias ls=x' >> .bashrc");
  await until("the first is told", () => seen.length > 0);
  mkdirSync(join(home, ".ssh"));
  await until("the new folder is watched", () => watch.folders === 2);
  const second = await run("echo key > .ssh/authorized_keys; echo key > .ssh/known_hosts");
  await until("the second is told", () => seen.some(({ pid }) => pid === second));
  assert.deepEqual(
    [...new Map(seen.map(({ path, pid }) => [path, pid]))],
    [
      [join(home, ".bashrc"), first],
      [join(home, ".ssh/authorized_keys"), second],
    ],
  );
});
