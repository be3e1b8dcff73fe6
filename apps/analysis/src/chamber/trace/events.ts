/** Turns records of the guest's kernel into the events of the contracts. Pure. */
import type { TraceEvent } from "@thymus/contracts";
import { type EventFormat, parseFormats, readField } from "./format.ts";
import { readRingBuffer } from "./ring-buffer.ts";

/** Most events of a run that are kept; a normal sample makes some hundred. */
export const MAX_EVENTS = 50_000;
/** The last program before the sample in its process: what comes before the next exec is not the sample's. */
const LAST_BEFORE_SAMPLE = "/usr/bin/env";
/** Flags of open(2); EXEC is the kernel's own for files that it opens to run them. */
const [ACCESS, CREATE, EXEC] = [3, 0o100, 0x20];

type Values = (name: string) => number | string | null;
type Seen = Pick<TraceEvent, "what" | "path" | "detail"> & {
  readonly child?: number;
  readonly childComm?: string;
};

const text = (value: number | string | null) => (typeof value === "string" ? value : "");
const number = (value: number | string | null) => (typeof value === "number" ? value : 0);

/** One line a kind of event. An event that is not here is not told. */
const readers: Readonly<Record<string, (value: Values) => Seen | null>> = {
  open: (value) => {
    const flags = number(value("flags"));
    if (flags & EXEC) return null;
    const writes = (flags & ACCESS) !== 0 || (flags & CREATE) !== 0;
    return { what: writes ? "open-write" : "open-read", path: text(value("path")) };
  },
  unlink: (value) => ({ what: "unlink", path: text(value("path")) }),
  rmdir: (value) => ({ what: "unlink", path: text(value("path")), detail: "folder" }),
  rename: (value) => ({ what: "rename", path: text(value("path")), detail: text(value("to")) }),
  chmod: (value) => ({
    what: "chmod",
    path: text(value("path")),
    detail: (number(value("mode")) & 0o7777).toString(8).padStart(4, "0"),
  }),
  truncate: (value) => ({
    what: "open-write",
    path: text(value("path")),
    detail: `truncate to ${number(value("size"))}`,
  }),
  connect: (value) => ({ what: "connect", detail: address(value) }),
  sched_process_exec: (value) => ({ what: "exec", path: text(value("filename")) }),
  sched_process_fork: (value) => ({
    what: "fork",
    detail: `child ${number(value("child_pid"))}`,
    child: number(value("child_pid")),
    childComm: text(value("child_comm")),
  }),
  sched_process_exit: () => ({ what: "exit" }),
  sys_enter_ptrace: (value) => ({
    what: "ptrace",
    detail: `request ${number(value("request"))} process ${number(value("pid"))}`,
  }),
  sys_enter_kill: (value) => ({
    what: "kill",
    detail: `signal ${number(value("sig"))} process ${number(value("pid")) | 0}`,
  }),
  sys_enter_mprotect: () => ({ what: "mmap-exec", detail: "made writable memory executable" }),
  sys_enter_mmap: () => ({ what: "mmap-exec", detail: "mapped writable and executable memory" }),
};

function address(value: Values): string {
  const family = number(value("family"));
  if (family === 1) return `unix ${text(value("name"))}`;
  const port = number(value("port"));
  const swapped = ((port & 0xff) << 8) | (port >>> 8);
  if (family !== 2) return family === 10 ? `inet6 port ${swapped}` : `family ${family}`;
  const bits = number(value("address"));
  const bytes = [bits & 255, (bits >>> 8) & 255, (bits >>> 16) & 255, bits >>> 24];
  return `inet ${bytes.join(".")} port ${swapped}`;
}

const clean = (path: string) => path.slice(0, 4096);

/**
 * Events of the sample and its descendants, from its own start on.
 * @param formats the kernel's descriptions of its events, one after the other
 * @param buffer pages of its ring buffer
 */
export function decodeTrace(formats: string, buffer: Uint8Array): { events: TraceEvent[]; lost: number } {
  const known = parseFormats(formats);
  const names = new Map<number, string>();
  const parents = new Map<number, number>();
  const events: TraceEvent[] = [];
  let lost = 0;
  let phase: "before" | "wrapper" | "sample" = "before";
  let zero = 0n;
  for (const { ns, data } of readRingBuffer(buffer)) {
    const format = data.byteLength >= 8 ? known.get(data.getUint16(0, true)) : undefined;
    if (!format) continue;
    const seen = readers[format.name]?.((name) => readField(format, data, name));
    if (!seen) continue;
    const pid = data.getInt32(4, true);
    if (phase !== "sample") {
      if (seen.what !== "exec") continue;
      if (phase === "before") {
        if (seen.path === LAST_BEFORE_SAMPLE) phase = "wrapper";
        continue;
      }
      phase = "sample";
      zero = ns;
    }
    if (seen.child !== undefined) {
      parents.set(seen.child, pid);
      names.set(seen.child, seen.childComm ?? "");
    }
    const comm = nameOf(format, data, seen, names.get(pid));
    names.set(pid, comm);
    if (events.length >= MAX_EVENTS) {
      lost++;
      continue;
    }
    const parent = parents.get(pid);
    events.push({
      t: Number(ns - zero) / 1e9,
      pid,
      ...(parent === undefined ? {} : { ppid: parent }),
      comm: comm.slice(0, 64),
      what: seen.what,
      ...(seen.path === undefined ? {} : { path: clean(seen.path) }),
      ...(seen.detail === undefined ? {} : { detail: clean(seen.detail) }),
    });
  }
  return { events, lost };
}

/** Short name of the process, from the record itself where it holds one, else as it was last seen. */
function nameOf(format: EventFormat, data: DataView, seen: Seen, before: string | undefined): string {
  if (seen.what === "exec")
    return text(seen.path ?? "")
      .replace(/^.*\//, "")
      .slice(0, 15);
  for (const field of ["comm", "parent_comm"]) {
    const value = format.fields.has(field) ? readField(format, data, field) : null;
    if (typeof value === "string" && value) return value;
  }
  return before ?? "";
}

/** Events that the kernel had no room for, from the buffer's statistics. */
export function droppedEvents(stats: string): number {
  let sum = 0;
  for (const name of ["overrun", "commit overrun", "dropped events"])
    sum += Number(new RegExp(`^${name}: (\\d{1,15})$`, "m").exec(stats)?.[1] ?? 0);
  return sum;
}
