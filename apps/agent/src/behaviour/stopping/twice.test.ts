import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Config, silentLogger } from "@thymus/contracts";
import { needs } from "@thymus/testkit";
import { Timeline } from "../../link/timeline.ts";
import { readStat } from "../../processes/proc-files.ts";
import { Processes } from "../../processes/processes.ts";
import { openAgentDatabase } from "../../state/open.ts";
import { Serial } from "../../state/serial.ts";
import { Exempt } from "../exempt.ts";
import { Trees } from "../trees.ts";
import { Stopper, type StopperOptions } from "./stopper.ts";

test("what a tree did before its second stop is dealt with as what it did before the first", {
  skip: needs("root"),
}, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "thymus-twice-"));
  const db = await openAgentDatabase(dir);
  const sleeping = [1, 2].map(() => spawn("sleep", ["60"], { stdio: "ignore" }));
  t.after(async () => {
    for (const { pid } of sleeping) if (readStat(pid!)) process.kill(pid!, "SIGKILL");
    await db.destroy();
    rmSync(dir, { recursive: true });
  });
  const processes = new Processes({ log: silentLogger, connector: false });
  const exempt = new Exempt(2 ** 22);
  const restored: string[] = [];
  const decoys = { has: () => true, restore: async (path: string) => restored.push(path) };
  const stopper = new Stopper({
    ...{ config: Config.parse({ agent: { behaviour: { mode: "suspend" } } }), context: { db }, dataDir: dir },
    ...{ decoys, exempt, log: silentLogger, processes, serial: new Serial() },
    ...{ timeline: new Timeline(dir, silentLogger), cases: { db }, isKnown: async () => true },
  } as unknown as StopperOptions);
  const trees = new Trees(exempt.isBorder, async () => ({ known: true }));
  const [one, other] = sleeping.map(({ pid }) => processes.find(pid!)!);
  const tree = trees.of(one!, Date.now());
  const judgement = { score: 1, signs: [], destroying: true };
  tree.decoys.add("/nowhere/first");
  assert.equal(await stopper.stop(tree, [one!], judgement), "stopped");
  await stopper.idle();
  tree.decoys.add("/nowhere/second");
  assert.equal(await stopper.stop(tree, [other!], judgement), "stopped");
  await stopper.idle();
  assert.deepEqual(restored, ["/nowhere/first", "/nowhere/second"]);
  const [record, ...more] = await stopper.trees.list();
  assert.deepEqual(more, []);
  assert.deepEqual(record!.processes.map(({ pid }) => pid).sort(), sleeping.map(({ pid }) => pid!).sort());
  assert.deepEqual(await stopper.trees.unfinished(), []);
});
