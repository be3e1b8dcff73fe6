import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { silentLogger } from "@thymus/contracts";
import { needs } from "@thymus/testkit";
import { readImage } from "../processes/proc-files.ts";
import { Processes } from "../processes/processes.ts";
import type { Known } from "../processes/table.ts";
import { until } from "../testing/scene.ts";
import { harmfulOf } from "./evidence.ts";
import { Exempt } from "./exempt.ts";
import { hasScript } from "./login.ts";
import { isStarter } from "./programs.ts";

/** No process is taken for the agent, else all that a test starts would be the agent's own. */
const exempt = new Exempt(2 ** 22);

async function started(
  t: TestContext,
  file: string,
  args: readonly string[],
  options = {},
): Promise<ChildProcess> {
  const child = spawn(file, args, { stdio: ["pipe", "ignore", "ignore"], ...options });
  t.after(async () => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });
  await once(child, "spawn");
  return child;
}

/** A file that never comes. */
function waiting(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "thymus-exempt-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  chmodSync(dir, 0o755);
  const fifo = join(dir, "fifo");
  execFileSync("mkfifo", ["-m", "666", fifo]);
  return fifo;
}

const look = (pid: number): Known => new Processes({ log: silentLogger }).find(pid)!;

test("a program is the package manager by its file, not by the path that a mount namespace gives it", {
  skip: needs("root", "apt"),
}, async (t) => {
  const real = await started(t, "dpkg-deb", ["--fsys-tarfile", waiting(t)]);
  await until("it runs", () => readImage(real.pid!).exe?.endsWith("/dpkg-deb") ?? false);
  assert.equal(exempt.mayStop(look(real.pid!)), false);

  const dir = mkdtempSync(join(tmpdir(), "thymus-exempt-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  chmodSync(dir, 0o755);
  for (const name of ["dpkg-deb", "sudo"]) {
    const fake = join(dir, name);
    copyFileSync(realpathSync("/bin/sleep"), fake);
    chmodSync(fake, 0o755);
    const target = "/usr/bin/dpkg-deb";
    const child = await started(t, "unshare", [
      ...["--mount", "sh", "-c", 'mount --bind "$0" "$1" && exec "$1" 60', fake, target],
    ]);
    await until("it runs", () => readImage(child.pid!).exe === target);
    assert.equal(exempt.mayStop(look(child.pid!)), true, "the name alone does not spare");
  }
});

test("what root's package manager started is spared with it, what a user's started is not", {
  skip: needs("root", "apt"),
}, async (t) => {
  for (const [uid, may] of [
    [0, false],
    [65_534, true],
  ] as const) {
    const above = await started(t, "dpkg-deb", ["--fsys-tarfile", waiting(t)], { uid, gid: uid });
    await until("it runs", () => readImage(above.pid!).exe?.endsWith("/dpkg-deb") ?? false);
    const child = await started(t, "sleep", ["60"]);
    await until("it runs", () => readImage(child.pid!).exe?.endsWith("/sleep") ?? false);
    assert.equal(exempt.mayStop({ ...look(child.pid!), parent: look(above.pid!) }), may);
  }
});

test("a shell that leads a session at a terminal is a person's whatever its options, one with a script is not", {
  skip: needs("root"),
}, async (t) => {
  const cases: [command: string, line: string, login: boolean][] = [
    ["exec bash --login --norc --noprofile", "bash --login --norc --noprofile", true],
    ["exec bash --posix --init-file /dev/null", "bash --posix --init-file /dev/null", true],
    ["bash --norc /dev/fd/3 3</dev/tty; true", "bash --norc /dev/fd/3", false],
    ["exec -a -bash bash -c 'sleep 60; true'", "-bash -c sleep 60; true", false],
  ];
  for (const [command, line, login] of cases) {
    const child = await started(t, "script", ["-qec", `bash -c ${JSON.stringify(command)}`, "/dev/null"]);
    let shell: Known | null = null;
    await until("the shell", () => {
      const pid = descendants(child.pid!).find((each) => readImage(each).cmdline.join(" ") === line);
      shell = pid === undefined ? null : look(pid);
      return shell !== null;
    });
    assert.equal(exempt.isBorder(shell!), login, command);
    for (const pid of descendants(child.pid!)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended with the one above it.
      }
    }
  }
});

function descendants(pid: number): number[] {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`);
    const children = tasks.flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "utf8")
        .trim()
        .split(" ")
        .filter(Boolean)
        .map(Number),
    );
    return children.flatMap((child) => [child, ...descendants(child)]);
  } catch {
    return [];
  }
}

test("scripts and commands on the command line of a shell are told from its options", () => {
  for (const line of [
    "bash",
    "-bash",
    "bash --login -i",
    "bash --init-file x --posix",
    "bash -o vi",
    "zsh -il",
  ])
    assert.equal(hasScript(line.split(" ")), false, line);
  for (const line of ["bash x.sh", "bash -c x", "bash -lc x", "bash --posix x.sh", "sh -- x", "bash -o vi x"])
    assert.equal(hasScript(line.split(" ")), true, line);
});

test("session managers, panels, X servers, container runtimes and job servers are borders", () => {
  for (const name of [
    ...[
      "xfce4-session",
      "mate-panel",
      "sway",
      "i3",
      "openbox",
      "kwin_x11",
      "startplasma-x11",
      "xrdp-sesman",
      "Xvnc",
    ],
    ...["anacron", "mosh-server", "foot", "gitlab-runner", "conmon", "containerd-shim-runc-v2"],
  ])
    assert.equal(isStarter(`/opt/bin/${name}`), true, name);
  assert.equal(isStarter("/usr/bin/thunar"), false);
});

test("whoever only asks is not harmful while another that still runs wrote", () => {
  const known = (pid: number, ended: number | null): Known => ({
    ...{ pid, start: pid, parent: null, depth: 0, uid: 0, ended },
    image: { exe: "/bin/x", deleted: false, file: null, cmdline: [] },
  });
  const [asking, other, gone] = [known(1, null), known(2, null), known(3, 5)];
  assert.deepEqual(harmfulOf(asking, [gone, other]), [other, gone]);
  assert.deepEqual(harmfulOf(asking, [other, asking]), [asking, other]);
  assert.deepEqual(harmfulOf(asking, [gone]), [asking, gone]);
  assert.deepEqual(harmfulOf(asking, []), [asking]);
});
