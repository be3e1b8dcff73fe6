import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { decodeTrace } from "./events.ts";
import { page, record, traceOf, whole } from "./testing.ts";

const AT_FDCWD = -100;
const told = (files: Parameters<typeof decodeTrace>[0]) =>
  decodeTrace(files).events.map((event) => [event.pid, event.what, event.path, event.detail]);

/** One command of the sample from the shell's fork on. */
const command = (pid: number, program: string) => [
  record("task_newtask", 10, { comm: "init", pid, clone_flags: 17 }),
  record("sched_process_exec", pid, { filename: "/usr/bin/setpriv" }),
  record("chdir", pid, { n0: "home", n1: "/", n2: "/", dev: 5 }),
  record("sched_process_exec", pid, { filename: "/usr/bin/env" }),
  record("sched_process_exec", pid, { filename: program }),
];

test("of every command only what the sample itself does is told", () => {
  const process = page([
    ...command(11, "./sample"),
    record("task_newtask", 11, { comm: "sample", pid: 20, clone_flags: 17 }),
    record("exiting", 20, { comm: "sample", code: 9 }),
    record("exiting", 11, { comm: "sample", code: 3 << 8 }),
    record("task_newtask", 1, { comm: "init", pid: 30, clone_flags: 17 }),
    record("sched_process_exec", 30, { filename: "/bin/guest" }),
    ...command(12, "/usr/bin/env"),
  ]);
  assert.deepEqual(told(traceOf({ process: whole(process) })), [
    [11, "exec", "/home/sample", undefined],
    [11, "fork", undefined, "child 20"],
    [20, "exit", undefined, "signal KILL"],
    [11, "exit", undefined, "status 3"],
    [12, "exec", "/usr/bin/env", undefined],
  ]);
});

test("what a thread does is its process's", () => {
  const process = page([
    ...command(11, "./sample"),
    record("task_newtask", 11, { comm: "sample", pid: 21, clone_flags: 0x10000 }),
    record("exiting", 21, { comm: "sample", code: 0 }),
  ]);
  const write = page([record("open", 21, { path: "x", dfd: AT_FDCWD, flags: 1 })], 6);
  assert.deepEqual(told(traceOf({ process: whole(process), write: whole(write) })).slice(1), [
    [11, "fork", undefined, "thread 21"],
    [11, "open-write", "/home/x", undefined],
  ]);
});

test("a path is what the kernel resolved, and a refused opening says why", () => {
  const strange = `a\nsh-1 [000] 1.0: open: path="x"${"y".repeat(100)}`;
  const write = page(
    [
      record("open", 11, { path: "link", dfd: AT_FDCWD, flags: 0o101 }),
      record("opened", 11, { n0: strange, n1: "srv", n2: "/", dev: 5, flags: 0o101, mode: 0x100000 }),
      record("opened", 11, { n0: "below", n1: "/", dev: 99, flags: 1 }),
      record("open", 11, { path: "../etc/x", dfd: AT_FDCWD, flags: 1 }),
      record("open_failed", 11, { ret: -13 }),
      record("open", 11, { path: "/dev/shm/m", dfd: AT_FDCWD, flags: 1 }),
      record("opened", 11, { n0: "m", n1: "shm", n2: "/", dev: 6, flags: 1 }),
      record("open", 11, { path: "deep", dfd: 7, flags: 1 }),
    ],
    6,
  );
  const process = page(command(11, "./sample"));
  assert.deepEqual(told(traceOf({ process: whole(process), write: whole(write) })).slice(1), [
    [11, "open-write", `/srv/${strange}`, "create"],
    [11, "open-write", "/etc/x", "failed EACCES"],
    [11, "open-write", "/dev/shm/m", undefined],
    [11, "open-write", "deep", undefined],
  ]);
});

test("beginning and end of a flooded class stay, what lies between is counted", () => {
  const port = (number: number) => (number >>> 8) | ((number & 0xff) << 8);
  const connect = (number: number) =>
    record("connect", 11, { family: 2, port: port(number), address: 0x0100007f });
  const network = {
    first: { bytes: page([connect(1), connect(2)], 10), stats: "dropped events: 42\n" },
    last: {
      bytes: page([connect(2), connect(8), record("connect_failed", 11, { ret: -111 })], 11),
      stats: "",
    },
  };
  const { events, lost } = decodeTrace(traceOf({ process: whole(page(command(11, "s"))), network }));
  assert.equal(lost, 40);
  assert.deepEqual(
    events.slice(1).map((event) => [event.what, event.detail]),
    [
      ["connect", "inet 127.0.0.1 port 1"],
      ["connect", "inet 127.0.0.1 port 2"],
      ["lost", "40 network events until 0.008 s"],
      ["connect", "inet 127.0.0.1 port 8, failed ECONNREFUSED"],
    ],
  );
});

test("a process whose birth was lost is the sample's", () => {
  const process = {
    first: { bytes: page(command(11, "s")), stats: "dropped events: 10\n" },
    last: { bytes: page([record("exiting", 77, { comm: "s", code: 0 })], 100), stats: "" },
  };
  const { events } = decodeTrace(traceOf({ process }));
  assert.deepEqual(events.at(-1)?.pid, 77);
});

test("any bytes decode without an error", () => {
  const bytes = fc.uint8Array({ maxLength: 9000 });
  fc.assert(
    fc.property(bytes, bytes, fc.string(), fc.string(), (first, last, text, more) => {
      const buffer = { first: { bytes: first, stats: text }, last: { bytes: last, stats: more } };
      const files = traceOf({ process: buffer, read: buffer, write: whole(page(command(11, "s"))) });
      decodeTrace({ ...files, formats: files.formats + text, missing: more, mounts: text, pids: more });
    }),
    { numRuns: 200 },
  );
});
