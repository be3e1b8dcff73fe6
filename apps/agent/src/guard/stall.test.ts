import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { after, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { needs } from "@thymus/testkit";
import { sha256Of } from "../files/regular.ts";
import { DROPPER, prescriptionFor } from "../testing/infection.ts";
import { makeScene, type Scene, until } from "../testing/scene.ts";
import { smallPackage } from "./testing/package.ts";
import { privateTmpfs } from "./testing/private-mounts.ts";

const skip = needs("root", "fanotify", "apt");
const agentProgram = fileURLToPath(new URL("../testing/agent-process.ts", import.meta.url));
const opener = fileURLToPath(new URL("./testing/opener.ts", import.meta.url));

const DEADLINE = 400;
/** Milliseconds: whoever waits for longer waits for ever. */
const FOR_EVER = 15_000;

interface Machine {
  readonly agent: ChildProcess;
  /** Pid of the answering process. */
  answering(): number;
  /** The tmpfs that holds the agent's data. */
  readonly data: string;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function end(child: ChildProcess): Promise<unknown> {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  return child.exitCode === null && child.signalCode === null ? ended : Promise.resolve();
}

let scene: Scene | null = null;
after(() => scene?.close());

/** A machine that has an active prescription; each test takes a copy of its data. */
async function immuneMachine(): Promise<Scene> {
  const made = await makeScene();
  await made.startAgent();
  await made.server.prescribe(prescriptionFor([sha256Of(Buffer.from(DROPPER))]));
  await until("an active prescription", () => made.server.outcomes.length > 0);
  await made.stopAgent();
  return made;
}

/** Runs one trouble while a program opens files and a package is installed, all on a file system that is guarded. */
async function withTrouble(t: TestContext, trouble: (machine: Machine) => void): Promise<void> {
  const files = privateTmpfs();
  const data = privateTmpfs(24 << 20);
  t.after(() => {
    for (const each of [files, data]) each.remove();
  });
  scene ??= await immuneMachine();
  const { config } = scene;
  config.agent.onAccess = { mode: "deny", folders: [files.path], deadlineMs: DEADLINE, whenUnsure: "allow" };
  cpSync(scene.dataDir, `${data.path}/agent`, { recursive: true, preserveTimestamps: true });

  const agent = spawn(
    process.execPath,
    [agentProgram, JSON.stringify({ dataDir: `${data.path}/agent`, config })],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  t.after(() => end(agent));
  await once(agent.stdout!, "data");
  const infected = `${files.path}/setup.sh`;
  writeFileSync(infected, DROPPER, { mode: 0o755 });
  await until("a guard at work", () => {
    try {
      execFileSync("/bin/sh", ["-c", `exec cat ${infected}`], { stdio: "ignore" });
      return false;
    } catch {
      return true;
    }
  });
  mkdirSync(`${files.path}/work`);
  const install = smallPackage(`${files.path}/build`, `${files.path}/root`);
  const program = spawn(process.execPath, [opener, `${files.path}/work`], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.after(() => end(program));
  await once(program.stdout!, "data");
  await pause(300);

  trouble({
    agent,
    data: data.path,
    answering: () => {
      const children = readFileSync(`/proc/${agent.pid}/task/${agent.pid}/children`, "utf8");
      const pids = children.split(" ").filter(Boolean);
      return Number(pids.find((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("answerer"))!);
    },
  });
  const began = performance.now();
  execFileSync("dpkg", install, { stdio: "ignore", timeout: FOR_EVER });
  const installed = performance.now() - began;
  assert.ok(existsSync(`${files.path}/root/usr/share/thymus-test/29.txt`));
  await pause(1200);
  const said = once(program.stdout!, "data");
  program.stdin!.end();
  const { count, longest } = JSON.parse(String((await said)[0]));
  t.diagnostic(
    `${count} rounds, longest call ${Math.round(longest)} ms, package installed in ${Math.round(installed)} ms; deadline ${DEADLINE} ms`,
  );
  assert.ok(longest < FOR_EVER && count > 10);
}

test("a stopped agent keeps nobody waiting", { skip }, (t) =>
  withTrouble(t, ({ agent }) => {
    agent.kill("SIGSTOP");
  }),
);

test("a killed agent keeps nobody waiting", { skip }, (t) =>
  withTrouble(t, ({ agent }) => {
    agent.kill("SIGKILL");
  }),
);

test("a stopped answering process keeps nobody waiting", { skip }, (t) =>
  withTrouble(t, ({ answering }) => {
    process.kill(answering(), "SIGSTOP");
  }),
);

test("agent and answering process, both stopped, keep nobody waiting", { skip }, (t) =>
  withTrouble(t, ({ agent, answering }) => {
    const pid = answering();
    agent.kill("SIGSTOP");
    process.kill(pid, "SIGSTOP");
  }),
);

test("a full disk of the agent keeps nobody waiting", { skip }, (t) =>
  withTrouble(t, ({ data }) => {
    assert.throws(() => writeFileSync(`${data}/fill`, Buffer.alloc(32 << 20)), /ENOSPC/);
  }),
);
