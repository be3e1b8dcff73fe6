/** The intake with its real triage worker; the analysis is a fake, so that no chamber is needed. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { CaseId, newId, PrescriptionId, ThymusError } from "@thymus/contracts";
import { needs } from "@thymus/testkit";
import type { Answered } from "./answer.ts";
import { openIntake } from "./intake.ts";
import { fakeAnalysis, MARK, silent } from "./testing/fake.ts";
import type { Intake, IntakeOptions } from "./types.ts";

const skip = needs("bwrap");
let folder: string;
let intake: Intake | null = null;
let gate: { open: () => void; opened: Promise<void> };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "thymus-intake-"));
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  gate = { open, opened };
});
afterEach(async () => {
  gate.open();
  await intake?.close();
  intake = null;
  await rm(folder, { recursive: true, force: true });
});

const start = async (options: Partial<IntakeOptions> = {}) => {
  intake = await openIntake({
    dataDir: join(folder, "intake"),
    corpusDir: null,
    version: "1",
    capacity: 10,
    workers: 1,
    analyse: async (turn) => {
      await gate.opened;
      return fakeAnalysis(turn);
    },
    log: silent,
    ...options,
  });
  return intake;
};
let written = 0;
const submit = async (text: string, id = newId("case"), ticket?: string) => {
  const file = join(folder, `sample-${written++}`);
  await writeFile(file, text);
  const meta = { id, name: "run.sh", urgency: "fresh" as const, ...(ticket ? { ticket } : {}) };
  return { id, answer: await intake!.submit(file, meta) };
};
const vouched = async (text: string, machines: number, urgency: "patient" | "fresh" = "fresh") => {
  const file = join(folder, `sample-${written++}`);
  await writeFile(file, text);
  const fleet = { machines, of: 9 };
  return intake!.submit(file, { id: newId("case"), name: "run.sh", urgency, fleet });
};
const final = async (id: CaseId): Promise<Answered> => {
  for (;;) {
    const answer = await intake!.answerOf(id);
    if (answer?.state === "answered") return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
const script = (seed: number, tail = "") =>
  `#!/bin/sh\n${Array.from({ length: 40 }, (_, line) => `echo ${seed * 7919 + line * 31}`).join("\n")}\n${tail}`;

test("what was delivered is forgotten after a day, without a restart", { skip }, async () => {
  let ahead = 0;
  const running = await start({ now: () => Date.now() + ahead });
  gate.open();
  const [told, untold] = [await submit(script(1)), await submit(script(2), newId("case"), "ticket")];
  for (const { id } of [told, untold]) await final(id);
  await running.prune();
  assert.ok(await running.answerOf(told.id));
  ahead = 25 * 3600 * 1000;
  await running.prune();
  assert.equal(await running.answerOf(told.id), null);
  assert.ok(await running.answerOf(untold.id), "nobody has it yet");
});

test("the same content is analysed once, then known; also after a restart", { skip }, async () => {
  let analyses = 0;
  const analyse: IntakeOptions["analyse"] = async (turn) => {
    analyses++;
    await gate.opened;
    return fakeAnalysis(turn);
  };
  await start({ analyse });
  const first = await submit(script(1));
  const second = await submit(script(1));
  assert.deepEqual([first.answer.state, second.answer.state], ["queued", "folded"]);
  gate.open();
  assert.deepEqual([(await final(first.id)).by, (await final(second.id)).by], ["analysis", "same"]);
  await intake!.close();
  await start({ analyse });
  const third = await submit(script(1));
  assert.ok(third.answer.state === "answered" && third.answer.by === "known");
  assert.equal(third.answer.report.case, third.id);
  assert.equal(analyses, 1);
  assert.deepEqual(await readdir(join(folder, "intake", "samples")), [], "no sample stays");
});

test("a newer program makes results anew, but keeps what was proved", { skip }, async () => {
  gate.open();
  await start();
  const harmless = await submit(script(1));
  const infected = await submit(script(2, `# ${MARK}\n`));
  for (const { id } of [harmless, infected]) await final(id);
  await intake!.close();
  await start({ version: "2" });
  assert.equal((await submit(script(1))).answer.state, "queued");
  const again = (await submit(script(2, `# ${MARK}\n`))).answer;
  assert.ok(again.state === "answered" && again.by === "known" && again.prescription);
});

test("known clean content needs no analysis", { skip }, async () => {
  const list = join(folder, "clean.txt");
  const sha256 = createHash("sha256").update(script(3)).digest("hex").toUpperCase();
  await writeFile(list, `# goodware\n${sha256}  run.sh\n`);
  await start({ cleanLists: [list] });
  const { answer } = await submit(script(3));
  assert.ok(answer.state === "answered" && answer.by === "clean" && answer.report.verdict === "harmless");
  assert.match(answer.report.why, /clean\.txt/);
  assert.equal(answer.report.chamber, "none");
});

test("a rule that was found answers others of its family until it is recalled", { skip }, async () => {
  gate.open();
  await start();
  const { id } = await submit(script(4, `# ${MARK}\n`));
  const { prescription } = await final(id);
  // The answer is written down a moment before the triage has its rule.
  while ((await intake!.depth()).running > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const other = (await submit(script(5, `# ${MARK}\n`))).answer;
  assert.ok(other.state === "answered" && other.by === "rule");
  assert.equal(other.prescription, prescription);
  assert.equal(other.report.verdict, "infector");
  await intake!.recall([prescription!]);
  assert.equal((await submit(script(6, `# ${MARK}\n`))).answer.state, "queued");
  const own = (await submit(script(4, `# ${MARK}\n`))).answer;
  assert.ok(own.state !== "answered" || own.prescription !== prescription, "nor does its own sample know it");
});

test("nearly the same waits, is answered by a rule that hits it, and is analysed where none does", {
  skip,
}, async () => {
  const analysed: string[] = [];
  await start({
    analyse: async (turn) => {
      await gate.opened;
      analysed.push(turn.id);
      return fakeAnalysis(turn);
    },
  });
  const first = await submit(script(7, `# ${MARK} one\n`));
  const hit = await submit(script(7, `# ${MARK} two\n`));
  const missed = await submit(script(7, "exit 3\n"));
  assert.deepEqual(
    [first, hit, missed].map(({ answer }) => answer.state),
    ["queued", "folded", "folded"],
  );
  gate.open();
  const answers = await Promise.all([first, hit, missed].map(({ id }) => final(id)));
  assert.deepEqual(
    answers.map(({ by, report }) => [by, report.verdict]),
    [
      ["analysis", "infector"],
      ["rule", "infector"],
      ["analysis", "harmless"],
    ],
  );
  assert.deepEqual(analysed, [first.id, missed.id]);
});

test("nearly the same as something harmless is analysed itself", { skip }, async () => {
  await start();
  const first = await submit(script(8, "exit 1\n"));
  const near = await submit(script(8, "exit 2\n"));
  assert.equal(near.answer.state, "folded");
  gate.open();
  assert.equal((await final(first.id)).by, "analysis");
  assert.equal((await final(near.id)).by, "analysis");
});

test("a full intake refuses, and takes again when there is room", { skip }, async () => {
  await start({ capacity: 2 });
  const first = await submit(script(10));
  await submit(script(20));
  const third = await submit(script(30));
  assert.deepEqual(third.answer, { state: "refused", retryAfterSeconds: 30 });
  assert.equal(await intake!.answerOf(third.id), null);
  assert.equal((await intake!.depth()).open, 2);
  gate.open();
  await final(first.id);
  while ((await intake!.depth()).open > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal((await submit(script(30), third.id)).answer.state, "queued");
});

test("the urgent come first", { skip }, async () => {
  const order: string[] = [];
  await start({
    analyse: async (turn) => {
      await gate.opened;
      order.push(turn.name);
      return fakeAnalysis(turn);
    },
  });
  const ids = [];
  for (const [index, urgency] of (["fresh", "bulk", "fresh", "patient"] as const).entries()) {
    const [file, id] = [join(folder, `urgent-${index}`), newId("case")];
    await writeFile(file, script(100 * index));
    await intake!.submit(file, { id, name: `${index}.sh`, urgency });
    ids.push(id);
  }
  gate.open();
  await Promise.all(ids.map(final));
  assert.deepEqual(order.slice(1), ["3.sh", "2.sh", "1.sh"]);
});

test("a failure that a repetition cannot heal is an answer, and is not remembered", { skip }, async () => {
  let failures = 1;
  gate.open();
  await start({
    analyse: async (turn) => {
      if (failures-- > 0) throw new ThymusError("BUDGET_EXHAUSTED", "too slow", "look at it");
      return fakeAnalysis(turn);
    },
  });
  const first = await final((await submit(script(11))).id);
  assert.deepEqual([first.report.verdict, first.report.gaveUp?.code], ["unknown", "BUDGET_EXHAUSTED"]);
  const second = await submit(script(11));
  assert.equal((await final(second.id)).report.verdict, "harmless");
});

test("an answer stays until it was delivered, and another ticket asks anew", { skip }, async () => {
  gate.open();
  await start();
  const { id } = await submit(script(12), CaseId.parse("case-1"), "lease 1");
  await final(id);
  const waiting = await intake!.undelivered();
  assert.deepEqual(
    waiting.map((one) => [one.id, one.ticket, one.answer.by]),
    [[id, "lease 1", "analysis"]],
  );
  await submit(script(12), id, "lease 2");
  assert.deepEqual(
    (await intake!.undelivered()).map(({ ticket }) => ticket),
    ["lease 2"],
  );
  await intake!.delivered(id);
  assert.deepEqual(await intake!.undelivered(), []);
  const again = (await submit(script(12), id, "lease 3")).answer;
  assert.ok(again.state === "answered" && again.by === "known");
  assert.equal((await intake!.undelivered()).length, 1);
});

test("300 submissions with kills in between: each gets exactly one answer, and the queue stays bounded", {
  skip,
}, async () => {
  const count = 300;
  let out = "";
  for (let kills = 0; ; kills++) {
    const dir = join(folder, "flood");
    const child = spawn(
      process.execPath,
      ["--no-warnings", join(import.meta.dirname, "testing/flood.ts"), dir, String(count)],
      {
        stdio: ["ignore", "pipe", "inherit"],
        env: {
          ...process.env,
          ...(kills < crashPoints.length
            ? { THYMUS_FAILPOINT: crashPoints[kills]!, THYMUS_FAILPOINT_ONCE: join(folder, `once-${kills}`) }
            : {}),
        },
      },
    );
    out = "";
    child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    const status = await new Promise((resolve) => child.once("close", (code) => resolve(code)));
    if (status === 0) {
      assert.ok(kills >= crashPoints.length, "every crash point was met");
      break;
    }
    assert.ok(kills < crashPoints.length, "it ended by itself");
  }
  const lines = out.trim().split("\n");
  const most = Number(lines.pop()!.split(" ")[1]);
  assert.ok(most <= 40, `${most} were waiting`);
  assert.deepEqual(
    lines.map((line) => Number(line.split(" ")[0])),
    Array.from({ length: count }, (_, index) => index),
  );
  for (const line of lines) {
    const [index, , verdict] = line.split(" ");
    assert.equal(verdict, Number(index) % 4 === 1 ? "infector" : "harmless", line);
  }
});
const crashPoints = [
  "analysis.intake.kept",
  "analysis.intake.queued",
  "analysis.intake.answered-at-once",
  "analysis.intake.finished",
  "analysis.intake.answered",
];

test("what was answered by a prescription that was replaced is answered by what replaced it", {
  skip,
}, async () => {
  gate.open();
  await start();
  const first = await submit(script(40, MARK));
  const { prescription } = await final(first.id);
  assert.ok(prescription);
  const newer = PrescriptionId.parse("rx-newer");
  const standing: Partial<IntakeOptions> = {
    mayAnswerBy: (id) => id === newer,
    replacedBy: async (id) => (id === prescription ? newer : null),
  };
  await intake!.close();
  await start(standing);
  const second = await submit(script(40, MARK));
  assert.ok(second.answer.state === "answered" && second.answer.by === "known");
  assert.equal(second.answer.prescription, newer);
});

test("enough machines of the fleet answer for a sample that nothing speaks against", { skip }, async () => {
  await start({ fleetClean: 5 });
  gate.open();
  const answer = await vouched(script(900), 5);
  assert.ok(answer.state === "answered" && answer.by === "clean");
  assert.match(answer.report.why, /packages of 5 of the 9 machines/);
  assert.equal((await vouched(script(901), 4)).state, "queued", "too few");
  assert.equal((await vouched(script(902), 9, "patient")).state, "queued", "programs or decoys were changed");
});

test("no number of machines answers where the default is off, a rule hits, or a verdict was given", {
  skip,
}, async () => {
  await start();
  assert.equal((await vouched(script(910), 9)).state, "queued");
  gate.open();
  await intake!.close();
  let harmful = script(911, `# ${MARK}\n`);
  await start({ fleetClean: 3 });
  const first = await submit(harmful);
  const { prescription } = await final(first.id);
  await intake!.recall([prescription!]);
  assert.equal(
    (await vouched(harmful, 9)).state,
    "queued",
    "it was found harmful, its rule withdrawn or not",
  );
  await intake!.close();
  // Another rule that may not answer yet: it is still tried on its patient.
  await start({ fleetClean: 3, mayAnswerBy: () => false, dataDir: join(folder, "other") });
  await final((await submit(harmful)).id);
  harmful = script(912, `# ${MARK}\n`);
  assert.notEqual((await vouched(harmful, 9)).state, "answered");
});

test("from the moment an answer can be read its rule speaks against the word of other machines", {
  skip,
}, async () => {
  await start({ fleetClean: 3, mayAnswerBy: () => false });
  const first = await submit(script(920, `# ${MARK}\n`));
  // Longer than the analysis takes to end: it is looked at by the rules of before.
  const long = `${script(921, `# ${MARK}\n`)}${script(922).repeat(20_000)}`;
  let early = false;
  const beside = vouched(long, 9).then((answer) => {
    early ||= answer.state === "answered";
    return answer;
  });
  gate.open();
  while ((await intake!.answerOf(first.id))?.state !== "answered") await setImmediate();
  const tooEarly = early;
  const next = await vouched(script(923, `# ${MARK}\n`), 9);
  assert.notEqual(next.state, "answered");
  if (!tooEarly) assert.notEqual((await beside).state, "answered", "its look was of before");
  await beside;
});
