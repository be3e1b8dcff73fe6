/** Turns records of the guest's kernel into the events of the contracts. Pure. */
import type { TraceEvent } from "@thymus/contracts";
import { type ClassBuffers, type Gap, mergeClasses, type TraceClass } from "./classes.ts";
import { fileReaders, granted, openingOf } from "./files.ts";
import { type EventFormat, parseFormats } from "./format.ts";
import { networkReaders } from "./network.ts";
import { errorName, namespaceNames } from "./numbers.ts";
import { type Mounts, namedPath, parseMounts, resolvedPath } from "./paths.ts";
import { commandLine, endingText, processReaders } from "./processes.ts";
import { type Values, valuesOf } from "./record.ts";
import type { Reader, Seen } from "./seen.ts";
import { type Task, Tasks } from "./tasks.ts";
import { type Told, thin } from "./thin.ts";

/** What a guest gave back of its trace; texts are those that guest/trace.sh writes. */
export interface TraceFiles {
  readonly formats: string;
  /** Names of probes that this kernel does not offer, one a line. */
  readonly missing: string;
  readonly pids: string;
  readonly mounts: string;
  readonly buffers: Readonly<Record<TraceClass, ClassBuffers>>;
}

const readers: Readonly<Record<string, Reader>> = { ...fileReaders, ...networkReaders, ...processReaders };
const AT_FDCWD = -100;
const EINPROGRESS = -115;
/** Told once for each process and text, however often it happens. */
const once: ReadonlySet<string> = new Set(["mmap-exec", "capability"]);

/** Events of the sample and its descendants, from its own start on. */
export function decodeTrace(files: TraceFiles): { events: TraceEvent[]; lost: number } {
  const { records, gaps } = mergeClasses(files.buffers);
  const decoder = new Decoder(files, gaps);
  for (const { ns, data, kind } of records) decoder.take(ns, data, kind);
  return decoder.end(gaps);
}

class Decoder {
  readonly #formats: ReadonlyMap<number, EventFormat>;
  readonly #mounts: Mounts;
  readonly #tasks: Tasks;
  readonly #missing: readonly string[];
  readonly #blindFrom: bigint | null;
  readonly #told: Told[] = [];
  readonly #once = new Set<string>();
  /** By thread: what is to be completed by a later record. */
  readonly #opening = new Map<number, Seen>();
  readonly #connecting = new Map<number, Seen>();
  readonly #starting = new Map<number, ReturnType<typeof commandLine>>();
  #zero: bigint | null = null;

  constructor(files: TraceFiles, gaps: readonly Gap[]) {
    this.#formats = parseFormats(files.formats);
    this.#mounts = parseMounts(files.mounts);
    this.#tasks = new Tasks(files.pids);
    this.#missing = files.missing.split("\n").filter(Boolean);
    this.#blindFrom = gaps.find((gap) => gap.kind === "process")?.from ?? null;
  }

  take(ns: bigint, data: DataView, kind: TraceClass): void {
    const format = data.byteLength >= 8 ? this.#formats.get(data.getUint16(0, true)) : undefined;
    if (!format) return;
    const tid = data.getInt32(4, true);
    const values = valuesOf(format, data);
    const name = format.name.replace(/_(32|compat)$/, "");
    if (name === "task_newtask") {
      this.#born(tid, values, ns);
      return;
    }
    const gap = this.#blindFrom !== null && ns > this.#blindFrom;
    const comm = format.fields.has("comm") ? values.text("comm") : "";
    const task = this.#tasks.find(tid, comm, gap);
    if (!task) return;
    if (name === "argv") {
      this.#starting.set(tid, commandLine(values));
      return;
    }
    if (name === "sched_process_exec") {
      this.#exec(tid, task, values, ns);
      return;
    }
    if (name === "chdir") {
      const { path, whole } = resolvedPath(values, this.#mounts);
      task.folder = whole ? path : undefined;
      return;
    }
    if (task.phase !== "sample") return;
    if (this.#opened(name, tid, task, values, ns, kind)) return;
    if (name === "connect_failed") {
      const seen = this.#connecting.get(tid);
      const error = values.number("ret");
      if (seen && error !== EINPROGRESS) seen.detail += `, failed ${errorName(error)}`;
      this.#connecting.delete(tid);
      return;
    }
    if (name === "exiting") {
      if (tid === task.process)
        this.#tell(task, ns, kind, { what: "exit", detail: endingText(values.number("code")) });
      return;
    }
    const seen = readers[name]?.(values, { task, mounts: this.#mounts, ns });
    for (const one of seen ? [seen].flat() : []) {
      if (name === "connect") this.#connecting.set(tid, one);
      this.#tell(task, ns, kind, one);
    }
  }

  end(gaps: readonly Gap[]): { events: TraceEvent[]; lost: number } {
    const zero = this.#zero ?? 0n;
    const seconds = (ns: bigint) => Number(ns - zero) / 1e9;
    const { kept, cut } = thin(this.#told);
    const events = kept.map(({ ns, event }) => ({ t: seconds(ns), ...event }));
    let lost = 0;
    for (const gap of [...gaps, ...cut]) {
      lost += gap.count;
      const until = gap.to === null ? "the end" : `${seconds(gap.to).toFixed(3)} s`;
      events.push({
        ...{ t: Math.max(0, seconds(gap.from)), pid: 0, comm: "", what: "lost" as const },
        detail: `${gap.count} ${gap.kind} events until ${until}`,
      });
    }
    for (const probe of this.#missing)
      events.push({ t: 0, pid: 0, comm: "", what: "lost", detail: `this kernel has no probe ${probe}` });
    // Stable: what happened at one time keeps its order.
    events.sort((one, two) => one.t - two.t);
    return { events, lost };
  }

  #born(tid: number, values: Values, ns: bigint): void {
    const flags = values.number("clone_flags");
    const child = values.number("pid");
    const born = this.#tasks.born(tid, child, flags, values.text("comm"));
    for (const pending of [this.#opening, this.#connecting, this.#starting]) pending.delete(child);
    const parent = born ? this.#tasks.find(tid, "", false) : null;
    if (!born || !parent) return;
    const names = namespaceNames(flags & ~0xff);
    if (names.length > 0)
      this.#tell(parent, ns, "process", { what: "namespace", detail: `clone ${names.join(" ")}` });
    this.#tell(parent, ns, "process", {
      what: "fork",
      detail: `${born.thread ? "thread" : "child"} ${child}`,
    });
  }

  #exec(tid: number, task: Task, values: Values, ns: bigint): void {
    const name = values.text("filename");
    this.#tasks.started(task, name);
    const command = this.#starting.get(tid);
    this.#starting.delete(tid);
    if (task.phase !== "sample") return;
    this.#zero ??= ns;
    const detail = command?.text ? { detail: command.text } : {};
    this.#tell(task, ns, "process", { what: "exec", path: namedPath(name, task.folder), ...detail });
    if (command?.memory)
      this.#tell(task, ns, "process", {
        what: "mmap-exec",
        detail: `started a program that lies in memory only: ${command.memory}`,
      });
  }

  /** The records of which one opening consists; false for any other record, of which some end an opening. */
  #opened(name: string, tid: number, task: Task, values: Values, ns: bigint, kind: TraceClass): boolean {
    const before = this.#opening.get(tid);
    switch (name) {
      case "open": {
        const relative = values.number("dfd") !== AT_FDCWD;
        const path = namedPath(values.text("path"), relative ? undefined : task.folder);
        const seen = openingOf(values, path);
        this.#opening.set(tid, seen);
        this.#tell(task, ns, kind, seen);
        return true;
      }
      case "opened":
        // Without an opening of its own it is the file system's, below the file that the sample sees.
        if (before) granted(before, values, this.#mounts);
        this.#opening.delete(tid);
        if (before) this.#memory(before, task, ns, kind);
        return true;
      case "open_failed":
        if (before) before.detail = `failed ${errorName(values.number("ret"))}`;
        this.#opening.delete(tid);
        return true;
      case "mknod":
        return before !== undefined;
      default:
        // These may make the file system open files below, which is no opening of the sample's.
        if (name in fileReaders) this.#opening.delete(tid);
        return false;
    }
  }

  /** A process's memory lies in a file of its own under /proc. */
  #memory(seen: Seen, task: Task, ns: bigint, kind: TraceClass): void {
    const found = /^\/proc\/(\d+)\/(?:task\/\d+\/)?mem$/.exec(seen.path ?? "")?.[1];
    if (found && seen.what === "open-write" && Number(found) !== task.process)
      this.#tell(task, ns, kind, { what: "inject", path: seen.path!, detail: `memory of process ${found}` });
  }

  #tell(task: Task, ns: bigint, kind: TraceClass, seen: Seen): void {
    if (once.has(seen.what)) {
      const key = `${task.process} ${seen.what} ${seen.detail}`;
      if (this.#once.has(key)) return;
      this.#once.add(key);
    }
    this.#zero ??= ns;
    this.#told.push({ ns, kind, task, comm: task.comm, seen });
  }
}
