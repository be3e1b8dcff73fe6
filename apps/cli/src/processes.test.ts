import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { holdLock } from "@thymus/store";

const main = join(import.meta.dirname, "main.ts");

async function folder(t: TestContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "thymus-cli-"));
  t.after(() => rm(made, { recursive: true, force: true }));
  return made;
}

/** Starts a role as `thymus up` does; `told` is the first thing that it says over its channel. */
function startRole(t: TestContext, args: string[]): { child: ChildProcess; ended: Promise<unknown[]> } {
  const child = spawn(process.execPath, ["--no-warnings", main, ...args], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const ended = once(child, "exit");
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return { child, ended };
}

async function run(args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ["--no-warnings", main, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [status] = (await once(child, "close")) as [number];
  return { status, stdout, stderr };
}

test("a role ends with the process that keeps it, however that one ends; a second one is refused", async (t) => {
  const data = await folder(t);
  const { child, ended } = startRole(t, ["admin", "--data", data, "--listen", "127.0.0.1:0"]);
  const [told] = (await once(child, "message")) as [{ url: string }];
  assert.equal((await fetch(`${told.url}/healthz`)).status, 200);

  const second = await run(["admin", "--data", data, "--listen", "127.0.0.1:0"]);
  assert.equal(second.status, 2);
  assert.match(
    second.stderr,
    new RegExp(`CONFLICT: the admin server of .* \\(process ${child.pid}\\); end that`),
  );

  child.disconnect();
  assert.deepEqual(await ended, [0, null]);
});

test("a second `thymus up` is refused before it touches anything", async (t) => {
  const data = await folder(t);
  const release = await holdLock(join(data, "up.lock"), { what: "thymus up" });
  t.after(release);
  const { status, stdout } = await run(["up", "--data", data, "--json"]);
  assert.equal(status, 2);
  assert.equal(JSON.parse(stdout).error.code, "CONFLICT");
});

test("an agent that runs keeps its folder for itself", async (t) => {
  const data = await folder(t);
  const release = await holdLock(join(data, "agent", "lock"), { what: "the agent" });
  t.after(release);
  const { status, stderr } = await run(["agent", "--data", data]);
  assert.equal(status, 2);
  assert.match(stderr, /^thymus: CONFLICT: the agent of .* runs already/m);
});
