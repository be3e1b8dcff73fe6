import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readlinkSync } from "node:fs";
import { test } from "node:test";
import { silentLogger } from "@thymus/contracts";
import { needs } from "@thymus/testkit";
import fc from "fast-check";
import { until } from "../testing/scene.ts";
import { isAnswer, parseEvents, subscription } from "./connector-events.ts";
import { commonRoot, jobOf, treeOf } from "./lineage.ts";
import { parseStat, readProcess } from "./proc-files.ts";
import { Processes } from "./processes.ts";
import { SIGKILL, SIGSTOP, signalProcess } from "./signals.ts";
import { type Known, ProcessTable } from "./table.ts";

/** Whether this process is in the first namespaces of processes and of users, by the numbers that the kernel gives these (linux/proc_ns.h). */
const isOutermost = () =>
  readlinkSync("/proc/self/ns/pid") === "pid:[4026531836]" &&
  readlinkSync("/proc/self/ns/user") === "user:[4026531837]";

const image = (exe: string) => ({ exe, deleted: false, file: null, cmdline: [exe] });

/** A message as linux/cn_proc.h lays it out. */
function message(what: number, words: readonly number[]): Buffer {
  const body = Buffer.alloc(16 + 24);
  body.writeUInt32LE(what, 0);
  words.forEach((word, index) => {
    body.writeUInt32LE(word, 16 + index * 4);
  });
  const buffer = Buffer.alloc(36);
  buffer.writeUInt32LE(36 + body.length, 0);
  buffer.writeUInt32LE(1, 16);
  buffer.writeUInt32LE(1, 20);
  return Buffer.concat([buffer, body]);
}

test("messages of the proc connector are read; those about threads and unknown ones are left out", () => {
  const all = Buffer.concat([
    message(1, [10, 10, 11, 11]),
    message(1, [10, 10, 12, 11]),
    message(2, [11, 11]),
    message(4, [11, 11, 0, 1000]),
    message(0x200, [11, 11]),
    message(0x80000000, [12, 11]),
    message(0x80000000, [11, 11]),
  ]);
  assert.deepEqual(parseEvents(all), [
    { what: "fork", pid: 11, parent: 10 },
    { what: "exec", pid: 11 },
    { what: "uid", pid: 11, uid: 1000 },
    { what: "exit", pid: 11 },
  ]);
  assert.equal(subscription(0, 7).length, 40);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void parseEvents(Buffer.from(bytes))));
});

test("only the kernel's answer to this very subscription counts, not events or answers that others asked for", () => {
  const answer = message(0, [0]);
  answer.writeUInt32LE(8, 28);
  assert.equal(isAnswer(answer, 7), true);
  assert.equal(isAnswer(answer, 8), false);
  const refused = message(0, [1]);
  refused.writeUInt32LE(8, 28);
  assert.equal(isAnswer(refused, 7), false);
  const event = message(1, [10, 10, 11, 11]);
  event.writeUInt32LE(8, 28);
  assert.equal(isAnswer(event, 7), false);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => !isAnswer(Buffer.from(bytes), 0x7fff_fff0)),
  );
});

test("a name with brackets and blanks does not shift the fields of stat", () => {
  const rest = "S 7 7 7 34816 7 4194304 1 2 3 4 50 60 0 0 20 0 1 0 987654 1 1";
  const stat = parseStat(9, `9 (a) b (c)) ${rest}`);
  assert.equal(stat?.name, "a) b (c)");
  assert.deepEqual([stat?.parent, stat?.tty, stat?.ticks, stat?.start], [7, 34816, 110, 987654]);
});

test("lineage outlives processes; the table stays small whatever forks", () => {
  const table = new ProcessTable({ processes: 1000, memory: 60_000, depth: 8 });
  const shell = table.add(5, { start: 1, parent: 0, uid: 0, image: image("/bin/sh") });
  const children = [6, 7].map((pid) => table.apply({ what: "fork", pid, parent: 5 }, 0)!);
  table.apply({ what: "exec", pid: 6, image: image("/usr/bin/openssl") }, 0);
  table.apply({ what: "exit", pid: 6 }, 1);
  assert.equal(table.get(6)?.image.exe, "/usr/bin/openssl");
  assert.equal(commonRoot(children as Known[]), shell);
  assert.equal(jobOf(children[0]!, ({ pid }) => pid === 5).pid, 6);
  assert.deepEqual(
    treeOf(shell, table.running()).map(({ pid }) => pid),
    [5, 7],
  );
  let parent = 5;
  for (let pid = 100; pid < 50_000; pid++) {
    table.apply({ what: "fork", pid, parent }, pid);
    if (pid % 3 === 0) table.apply({ what: "exit", pid: parent }, pid);
    parent = pid;
  }
  assert.ok(table.size <= 1000);
  let depth = 0;
  for (let at: Known | null = table.get(parent); at; at = at.parent) depth++;
  assert.ok(depth <= 16, `${depth}`);
});

test("a late word of its start ends no process that was looked at before; another one with its number does", () => {
  const starts = new Map([[20, 700]]);
  const table = new ProcessTable({}, (pid) => starts.get(pid) ?? null);
  const parent = table.add(10, { start: 1, parent: 0, uid: 0, image: image("/bin/a") });
  const known = table.add(20, { start: 700, parent: 999, uid: 0, image: image("/bin/b") });
  assert.equal(table.apply({ what: "fork", pid: 20, parent: 10 }, 5), known);
  assert.deepEqual([known.ended, known.parent], [null, parent]);
  starts.set(20, 800);
  assert.notEqual(table.apply({ what: "fork", pid: 20, parent: 10 }, 6), known);
  assert.equal(known.ended, 6);
});

test("a signal goes to the very process that is meant, never to another with its number", async () => {
  const child = spawn("sleep", ["60"]);
  await once(child, "spawn");
  const { start } = readProcess(child.pid!)!;
  assert.equal(signalProcess({ pid: child.pid!, start: start + 1 }, SIGKILL), false);
  assert.equal(signalProcess({ pid: child.pid!, start }, SIGSTOP), true);
  await until("it stands still", () => readProcess(child.pid!)?.state === "T");
  assert.equal(signalProcess({ pid: child.pid!, start }, SIGKILL), true);
  await once(child, "exit");
});

test("the kernel tells of each program that starts, with who started it; within a namespace it does not, which is told", {
  skip: needs("root"),
}, async (t) => {
  const seen: string[] = [];
  const processes = new Processes({
    log: silentLogger,
    onExec: ({ image: { exe, cmdline }, parent }) => seen.push(`${parent?.image.exe} ${exe} ${cmdline[1]}`),
  });
  t.after(() => processes.close());
  await processes.start();
  if (!isOutermost()) {
    assert.equal(processes.watching, false);
    assert.match(processes.notices().join(), /namespace/);
    assert.equal(processes.find(process.pid)?.pid, process.pid, "what /proc shows is known");
    return;
  }
  assert.deepEqual(processes.notices(), []);
  const mark = `mark-${process.pid}`;
  spawnSync("sh", ["-c", `/bin/sleep 0.${process.pid}; true ${mark}`]);
  await until("the sleep", () => seen.some((each) => each.includes(`sleep 0.${process.pid}`)));
  const line = seen.find((each) => each.includes(`sleep 0.${process.pid}`))!;
  assert.match(line, /(ba|da)?sh .*sleep/);
});

test("within a pid namespace the kernel's silence is noticed, also while somebody outside listens", {
  skip: needs("root"),
}, async (t) => {
  const outside = new Processes({ log: silentLogger });
  t.after(() => outside.close());
  await outside.start();
  const script = `
    const { Processes } = await import(${JSON.stringify(new URL("./processes.ts", import.meta.url).href)});
    const log = { info() {}, warn() {}, error() {} };
    const processes = new Processes({ log });
    await processes.start();
    console.log(JSON.stringify([processes.watching, processes.notices()]));
    await processes.close();`;
  const { stderr, stdout } = spawnSync(
    "unshare",
    [
      ...["--mount", "--pid", "--fork", "--mount-proc", "--kill-child"],
      ...[process.execPath, "--input-type=module", "-e", script],
    ],
    { encoding: "utf8" },
  );
  const [watching, notices] = JSON.parse(stdout || `["${stderr}"]`) as [boolean, string[]];
  assert.equal(watching, false);
  assert.match(notices.join(), /namespace/);
});

test("without the connector, a look at /proc finds what runs", async (t) => {
  const started: number[] = [];
  const processes = new Processes({
    ...{ log: silentLogger, connector: false, pollMs: 50 },
    onExec: ({ pid }) => started.push(pid),
  });
  t.after(() => processes.close());
  await processes.start();
  assert.equal(processes.notices().length, 1);
  const child = spawn("sleep", ["60"]);
  t.after(() => child.kill("SIGKILL"));
  await until("it is found", () => started.includes(child.pid!));
  assert.equal(processes.table.get(child.pid!)?.parent?.pid, process.pid);
});
