import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Prescription, silentLogger } from "@thymus/contracts";
import { canConfine, identifyFile } from "@thymus/detection";
import { sha256Of } from "../files/regular.ts";
import { openAgentDatabase } from "../state/open.ts";
import { DROPPER, PAYLOAD, prescriptionFor } from "../testing/infection.ts";
import { until } from "../testing/scene.ts";
import { ActivePrescriptions } from "./active.ts";
import { type Content, ContentJudge, type ContentJudgeOptions } from "./content-judge.ts";

const skip = canConfine() ? false : "confined workers need Linux on x64 or arm64";
const ELSEWHERE = sha256Of(Buffer.from("a specimen that is not here"));
const withRule = (rule: string) =>
  prescriptionFor([ELSEWHERE], { detect: { engine: "yara-x", rule, scope: ["shell"] } });
/** Of a large file it takes longer than it may. */
const SLOW = withRule(
  "rule slow { condition: filesize > 100KB and for all i in (0..2000000000): (uint8(i % filesize) != 1 or i > 0) }",
);
const LARGE = `#!/bin/sh\n${"# remark\n".repeat(20_000)}`;

const content = (path: string, text: string | Uint8Array): Content => {
  const bytes = Buffer.from(text);
  return { path, bytes, type: identifyFile(bytes, basename(path)), sha256: sha256Of(bytes) };
};

async function scene(t: TestContext, options: Partial<ContentJudgeOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "thymus-content-"));
  const db = await openAgentDatabase(join(folder, "agent"));
  const active = new ActivePrescriptions(db, silentLogger);
  const aside: string[] = [];
  const judge = new ContentJudge({
    ...{ active, log: silentLogger, maxBytes: 1 << 24, onLayers() {}, cacheDir: join(folder, "compiled") },
    onSetAside: (path) => aside.push(path),
    ...options,
  });
  t.after(async () => {
    await judge.close();
    active.close();
    await db.destroy();
    await rm(folder, { recursive: true });
  });
  return {
    ...{ active, aside, judge },
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
    },
  };
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1");
  return text.split(" ").filter(Boolean).map(Number);
}

/** Whether the engine's own binary lies in this process is no matter: what counts is who reads the bytes. */
test("of many contents a confined process says what this one would say, in their order", {
  skip,
}, async (t) => {
  const { activate, active, judge } = await scene(t);
  const infection = prescriptionFor([ELSEWHERE]);
  const other = withRule('rule other { strings: $a = "echo fine" condition: $a }');
  await activate(infection, other);
  const contents = [
    content("/a/clean.sh", "#!/bin/sh\necho nothing\n"),
    content("/a/infected.sh", DROPPER),
    content("/a/both.sh", `${Buffer.from(DROPPER)}\necho fine\n`),
    content("/a/of-another-type", PAYLOAD),
    content("/a/empty", ""),
    ...Array.from({ length: 150 }, (_, at) => content(`/a/${at}.sh`, `#!/bin/sh\necho fine ${at}\n`)),
  ];
  const said = await judge.judge(contents);
  assert.deepEqual(
    said,
    contents.map(({ bytes, type }) => (active.concerns(type) ? active.idsOf(bytes, type) : [])),
  );
  assert.deepEqual(said[1], [infection.id]);
  assert.equal(said[2]!.length, 2);
  assert.deepEqual(judge.notices(), []);
  assert.equal(childrenOf(process.pid).length, 1, "one process for all of it");
});

test("its process is there before the first content, and only while there are rules to apply", {
  skip,
}, async (t) => {
  const { activate, active, judge } = await scene(t);
  active.onLoad = () => judge.warm();
  const processes = () => childrenOf(process.pid).length;
  await activate();
  assert.deepEqual(await judge.judgeOne(content("/a/infected.sh", DROPPER)), []);
  assert.equal(processes(), 0);
  await activate(prescriptionFor([ELSEWHERE]));
  await until("a process", () => processes() === 1);
  await activate();
  await until("none again", () => processes() === 0);
  await activate(prescriptionFor([ELSEWHERE]));
  await until("another process", () => processes() === 1);
  await judge.close();
  await until("none at the end", () => processes() === 0);
});

test("other rules count at once", { skip }, async (t) => {
  const { activate, judge } = await scene(t);
  const bad = content("/a/infected.sh", DROPPER);
  await activate(withRule('rule other { strings: $a = "not in there" condition: $a }'));
  assert.deepEqual(await judge.judgeOne(bad), []);
  const infection = prescriptionFor([ELSEWHERE]);
  await activate(infection);
  assert.deepEqual(await judge.judgeOne(bad), [infection.id]);
  await activate();
  assert.deepEqual(await judge.judgeOne(bad), []);
});

test("a content that ends its process is tried once more, then told and set aside; the others are judged", {
  skip,
}, async (t) => {
  const { activate, aside, judge } = await scene(t, { timeoutMs: 60_000 });
  const infection = prescriptionFor([ELSEWHERE]);
  await activate(infection, SLOW);
  const bad = content("/a/infected.sh", DROPPER);
  const deadly = content("/a/deadly.sh", LARGE);
  assert.deepEqual(await judge.judgeOne(bad), [infection.id]);
  for (const expected of ["unsure", "aside"]) {
    const before = childrenOf(process.pid);
    const spent = () => before.reduce((sum, pid) => sum + secondsOf(pid), 0);
    const begun = spent();
    const answer = judge.judge([bad, deadly, { ...bad, path: "/a/later.sh" }]);
    // It is at that content for as long as nobody ends it; nothing else takes it that long.
    await until("it is busy", () => spent() - begun > 1);
    for (const pid of before) {
      for (const inner of childrenOf(pid)) for (const own of childrenOf(inner)) process.kill(own, "SIGKILL");
      for (const inner of childrenOf(pid)) process.kill(inner, "SIGKILL");
    }
    assert.deepEqual(await answer, [[infection.id], expected, [infection.id]]);
  }
  assert.deepEqual(aside, ["/a/deadly.sh"]);
  assert.match(judge.notices().join(), /1 contents ended/);
  assert.deepEqual(await judge.judge([deadly, bad]), ["aside", [infection.id]]);
});

/** Seconds of processor time of a process and all below it. */
function secondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]!.split(" ");
  const own = (Number(fields[11]) + Number(fields[12])) / 100;
  return childrenOf(pid).reduce((sum, inner) => sum + secondsOf(inner), own);
}

test("where no process can be confined the rules are applied here, and that is told", async (t) => {
  const { activate, judge } = await scene(t, { inProcess: true });
  const infection = prescriptionFor([ELSEWHERE]);
  await activate(infection);
  assert.deepEqual(await judge.judgeOne(content("/a/infected.sh", DROPPER)), [infection.id]);
  if (skip === false) assert.equal(childrenOf(process.pid).length, 0);
});
