import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { silentLogger } from "@thymus/contracts";
import { readProcess, readStat } from "../../processes/proc-files.ts";
import { Processes } from "../../processes/processes.ts";
import { until } from "../../testing/scene.ts";
import { freezeTree, haltAtOnce, resumeAll } from "./freeze.ts";

const onLinux = { skip: process.platform === "linux" ? false : "Linux only" };

/** A shell with a child, and a table that knows of the shell only, with a start time that is so much off. */
async function family(t: { after(end: () => unknown): void }, off: number) {
  const shell = spawn("sh", ["-c", "sleep 60 & echo $!; wait"], { stdio: ["ignore", "pipe", "ignore"] });
  const [said] = (await once(shell.stdout!, "data")) as [Buffer];
  const child = Number(said.toString());
  t.after(() => {
    for (const pid of [shell.pid!, child]) if (readStat(pid)) process.kill(pid, "SIGKILL");
  });
  const processes = new Processes({ log: silentLogger, connector: false });
  const facts = readProcess(shell.pid!)!;
  const root = processes.table.add(shell.pid!, {
    ...{ start: facts.start + off, parent: 0, uid: facts.uid },
    image: facts,
  });
  return { processes, root, child };
}

test("a process and its children are stopped, also those that nobody told of", onLinux, async (t) => {
  const { processes, root, child } = await family(t, 0);
  const told: number[] = [];
  const { members, still } = await freezeTree(
    root,
    processes,
    () => false,
    (found) => told.push(found.length),
  );
  // Each look that found more is told at once, so that a record never knows less than was stopped.
  assert.equal(told.at(-1), 2);
  assert.deepEqual([still, members.map(({ pid }) => pid).sort()], [true, [root.pid, child].sort()]);
  assert.equal(resumeAll(members), 2);
});

test(
  "whoever has the number of one that ended by now, and his children, are left alone",
  onLinux,
  async (t) => {
    const { processes, root, child } = await family(t, -100);
    haltAtOnce(root, processes, () => false);
    assert.deepEqual((await freezeTree(root, processes, () => false)).members, []);
    await until("both wait", () => [root.pid, child].every((pid) => readStat(pid)?.state === "S"));
  },
);
