import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { silentLogger } from "@thymus/contracts";
import { needs } from "@thymus/testkit";
import fc from "fast-check";
import { until } from "../testing/scene.ts";
import { parseEvents, subscription } from "./connector-events.ts";
import { commonRoot, jobOf, treeOf } from "./lineage.ts";
import { parseStat, readProcess } from "./proc-files.ts";
import { Processes } from "./processes.ts";
import { SIGKILL, SIGSTOP, signalProcess } from "./signals.ts";
import { type Known, ProcessTable } from "./table.ts";

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
  assert.equal(subscription(0).length, 40);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void parseEvents(Buffer.from(bytes))));
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

test("the kernel tells of each program that starts, with who started it", {
  skip: needs("root"),
}, async (t) => {
  const seen: string[] = [];
  const processes = new Processes({
    log: silentLogger,
    onExec: ({ image: { exe, cmdline }, parent }) => seen.push(`${parent?.image.exe} ${exe} ${cmdline[1]}`),
  });
  t.after(() => processes.close());
  await processes.start();
  assert.deepEqual(processes.notices(), []);
  const mark = `mark-${process.pid}`;
  spawnSync("sh", ["-c", `/bin/sleep 0.${process.pid}; true ${mark}`]);
  await until("the sleep", () => seen.some((each) => each.includes(`sleep 0.${process.pid}`)));
  const line = seen.find((each) => each.includes(`sleep 0.${process.pid}`))!;
  assert.match(line, /(ba|da)?sh .*sleep/);
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
