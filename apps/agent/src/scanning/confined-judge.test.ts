import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Prescription, silentLogger } from "@thymus/contracts";
import { canConfine, identifyFile } from "@thymus/detection";
import { sha256Of } from "../files/regular.ts";
import { judgeFile } from "../guard/judge-file.ts";
import { openAgentDatabase } from "../state/open.ts";
import { DROPPER, PAYLOAD, prescriptionFor } from "../testing/infection.ts";
import { until } from "../testing/scene.ts";
import { ActivePrescriptions } from "./active.ts";
import { ConfinedJudge } from "./confined-judge.ts";

const skip = canConfine() ? false : "confined workers need Linux on x64 or arm64";
const SPECIMEN = "#!/bin/sh\necho the specimen of a prescription\n";
const ELSEWHERE = sha256Of(Buffer.from("a specimen that is not here"));
/** Of a large file it takes longer than anybody waits. */
const SLOW =
  "rule slow { condition: filesize > 100KB and for all i in (0..2000000000): (uint8(i % filesize) != 1 or i > 0) }";

async function scene(t: TestContext, canConfine?: boolean) {
  const folder = await mkdtemp(join(tmpdir(), "thymus-judge-"));
  const db = await openAgentDatabase(join(folder, "agent"));
  const active = new ActivePrescriptions(db, silentLogger);
  const cacheDir = join(folder, "compiled");
  const judge = new ConfinedJudge({
    ...{ active, cacheDir, log: silentLogger, maxBytes: 1 << 24, onLayers: () => {} },
    ...(canConfine !== undefined && { canConfine }),
  });
  t.after(async () => {
    await judge.close();
    active.close();
    await db.destroy();
    await rm(folder, { recursive: true });
  });
  return {
    active,
    judge,
    async file(name: string, content: string | Uint8Array) {
      const path = join(folder, name);
      await writeFile(path, content);
      return path;
    },
    async activate(...all: Prescription[]) {
      await db.deleteFrom("prescription").execute();
      for (const each of all)
        await db
          .insertInto("prescription")
          .values({
            ...{ id: each.id, document: JSON.stringify(each), state: "active" as const, scanned: 1 },
            ...{ why: null, case_id: null, changed: "2026-01-01T00:00:00.000Z" },
          })
          .execute();
      await active.load();
      judge.refresh();
    },
    look: (path: string, deadlineMs = 20_000) =>
      judgeFile({ active, judge, maxBytes: 1 << 24, deadlineMs }, { open: path, path }),
  };
}

/** Pids below this process: what a fault of the engine would end. */
function childrenOf(pid: number | "self"): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid === "self" ? process.pid : pid}/children`, "latin1");
  return text.split(" ").filter(Boolean).map(Number);
}

test("a confined worker says of every file what the agent itself would say", { skip }, async (t) => {
  const { activate, active, file, judge, look } = await scene(t);
  const infection = prescriptionFor([sha256Of(Buffer.from(SPECIMEN))]);
  await activate(infection);
  const paths = [
    await file("clean.sh", "#!/bin/sh\necho fine\n"),
    await file("infected.sh", DROPPER),
    await file("specimen", SPECIMEN),
    await file("of-another-type", PAYLOAD),
    await file("packed.gz", Buffer.from("1f8b0800", "hex")),
    await file("empty", ""),
  ];
  const found = [];
  for (const path of paths) {
    const bytes = await readFile(path);
    const { found: confined, unsure, identity } = await look(path);
    assert.equal(unsure, false, path);
    assert.notEqual(identity, null);
    const here = active.find(bytes, identifyFile(bytes, basename(path)), sha256Of(bytes));
    assert.equal(confined?.id, here?.id, path);
    found.push(confined !== null);
  }
  assert.deepEqual(found, [false, true, true, false, false, false]);
  assert.deepEqual(judge.notices(), []);
});

test("other rules count once their worker is ready, and what was known is forgotten then", {
  skip,
}, async (t) => {
  const { activate, file, judge, look } = await scene(t);
  let replaced = 0;
  judge.onReplaced = () => replaced++;
  const path = await file("infected.sh", DROPPER);
  const harmless = prescriptionFor([ELSEWHERE], {
    detect: {
      engine: "yara-x",
      rule: 'rule other { strings: $a = "not in there" condition: $a }',
      scope: ["shell"],
    },
  });
  await activate(harmless);
  assert.equal((await look(path)).found, null);
  assert.equal(replaced, 1);
  const infection = prescriptionFor([ELSEWHERE]);
  await activate(harmless, infection);
  await until("the new rules", () => replaced === 2);
  assert.equal((await look(path)).found?.id, infection.id);
  await activate();
  assert.equal((await look(path)).found, null);
  await until("one worker at most", () => childrenOf("self").length <= 1);
});

test("a file that takes too long holds up nothing, and is not tried a third time", { skip }, async (t) => {
  const { activate, file, look } = await scene(t);
  const slow = prescriptionFor([ELSEWHERE], { detect: { engine: "yara-x", rule: SLOW, scope: ["shell"] } });
  const infection = prescriptionFor([ELSEWHERE]);
  await activate(infection, slow);
  const large = await file("large.sh", `#!/bin/sh\n${"# remark\n".repeat(20_000)}`);
  const bad = await file("infected.sh", DROPPER);
  assert.equal((await look(bad)).found?.id, infection.id);
  let turns = 0;
  const ticking = setInterval(() => turns++, 10);
  t.after(() => clearInterval(ticking));
  for (let time = 0; time < 2; time++) {
    const before = turns;
    const { found, identity, unsure } = await look(large, 400);
    assert.deepEqual({ found, identity, unsure }, { found: null, identity: null, unsure: true });
    assert.ok(turns - before > 3, "this thread went on meanwhile");
    assert.equal((await look(bad)).found?.id, infection.id, "a new worker answers");
  }
  const before = turns;
  assert.equal((await look(large, 60_000)).unsure, true);
  assert.ok(turns - before < 1000, "it was answered at once");
});

test("a worker that dies of a file is an answer that is not sure, and another one goes on", {
  skip,
}, async (t) => {
  const { activate, file, look } = await scene(t);
  const slow = prescriptionFor([ELSEWHERE], { detect: { engine: "yara-x", rule: SLOW, scope: ["shell"] } });
  const infection = prescriptionFor([ELSEWHERE]);
  await activate(infection, slow);
  const bad = await file("infected.sh", DROPPER);
  await look(bad);
  const large = await file("large.sh", `#!/bin/sh\n${"# remark\n".repeat(20_000)}`);
  const answer = look(large, 25_000);
  const begun = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  for (const pid of childrenOf("self")) {
    for (const inner of childrenOf(pid)) process.kill(inner, "SIGKILL");
    process.kill(pid, "SIGKILL");
  }
  assert.equal((await answer).unsure, true);
  assert.ok(performance.now() - begun < 20_000, "nobody waited for the deadline");
  assert.equal((await look(bad)).found?.id, infection.id);
});

test("where no process can be confined the agent looks itself, and says so", async (t) => {
  const { activate, file, judge, look } = await scene(t, false);
  const infection = prescriptionFor([ELSEWHERE]);
  await activate(infection);
  const path = await file("infected.sh", DROPPER);
  assert.equal((await look(path)).found?.id, infection.id);
  assert.match(judge.notices().join(), /by the agent itself/);
});

test("an open file stays the caller's", { skip }, async (t) => {
  const { activate, file, judge } = await scene(t);
  await activate(prescriptionFor([ELSEWHERE]));
  const path = await file("clean.sh", "#!/bin/sh\n");
  const handle = await open(path);
  const verdict = await judge.scanOne({ fd: handle.fd, path, identity: "1" }, { deadlineMs: 20_000 });
  assert.deepEqual(verdict, { found: null });
  assert.equal((await handle.stat()).size, 10);
  await handle.close();
});
