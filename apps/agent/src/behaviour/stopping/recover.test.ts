import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { silentLogger } from "@thymus/contracts";
import { needs } from "@thymus/testkit";
import { readProcess, readStat } from "../../processes/proc-files.ts";
import { Processes } from "../../processes/processes.ts";
import { openAgentDatabase } from "../../state/open.ts";
import { until } from "../../testing/scene.ts";
import { Exempt } from "../exempt.ts";
import { memberOf } from "./freeze.ts";
import { StoppedTrees } from "./records.ts";
import { Stopper, type StopperOptions } from "./stopper.ts";

const nothing = { ending: false, first: 0, touched: [], decoys: [] };

test("children that a crash left out of the record of a suspended tree are found at the next start", {
  skip: needs("root"),
}, async (t) => {
  const shell = spawn("sh", ["-c", "sleep 60 & echo $!; wait"], { stdio: ["ignore", "pipe", "ignore"] });
  const [said] = (await once(shell.stdout!, "data")) as [Buffer];
  const pids = [shell.pid!, Number(said.toString())];
  const dir = mkdtempSync(join(tmpdir(), "thymus-recover-"));
  const db = await openAgentDatabase(dir);
  t.after(async () => {
    for (const pid of pids) if (readStat(pid)) process.kill(pid, "SIGKILL");
    await db.destroy();
    rmSync(dir, { recursive: true });
  });
  const processes = new Processes({ log: silentLogger, connector: false });
  for (const pid of pids) process.kill(pid, "SIGSTOP");
  await until("both stand still", () => pids.every((pid) => readStat(pid)?.state === "T"));
  const trees = new StoppedTrees(db);
  const root = processes.find(shell.pid!)!;
  const begun = trees.describe(
    "a reason",
    "/bin/sh",
    [memberOf(root, readProcess(root.pid)!.start)],
    nothing,
  );
  await trees.begin(begun);
  await trees.set(begun.id, { work: null });
  const { id } = begun;
  const options = { context: { db }, dataDir: dir, exempt: new Exempt(2 ** 22), processes };
  await new Stopper(options as unknown as StopperOptions).recover();
  const { processes: members } = await trees.get(id);
  assert.deepEqual(members.map(({ pid }) => pid).sort(), [...pids].sort());
});
