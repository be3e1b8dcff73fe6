/** Programs that live in memory only, and memory of others. */
import type { TraceEvent } from "@thymus/contracts";
import type { RunView } from "../view.ts";
import { type Detector, type Sign, sign } from "./sign.ts";

/** Requests of ptrace(2), by number and by the name that a trace may give them. */
const request = {
  traceMe: /\b(0|TRACEME)$/i,
  attach: /\b(16|16902|ATTACH|SEIZE)$/i,
  write: /\b(4|5|6|13|15|16901|POKE\w*|SETREGS\w*|SETFPREGS)$/i,
};

/** `request 16 process 321` or `ATTACH process 321`. */
function parse(detail: string): { asked: string; target: number | null } {
  const asked = /^(?:request )?(?:PTRACE_)?(\w+)/.exec(detail)?.[1] ?? "";
  const target = /process (\d+)|pid (\d+)/.exec(detail);
  return { asked, target: target ? Number(target[1] ?? target[2]) : null };
}

function tracing(view: RunView): Sign[] {
  const found: Sign[] = [];
  const events = view.events.filter((event) => event.what === "ptrace");
  const attached = new Map<string, TraceEvent>();
  const written = new Set<string>();
  for (const event of events) {
    const { asked, target } = parse(event.detail ?? "");
    const pair = `${event.pid} ${target}`;
    if (request.attach.test(asked)) attached.set(pair, event);
    if (request.write.test(asked)) written.add(pair);
  }
  for (const [pair, event] of attached) {
    const { target } = parse(event.detail ?? "");
    const name = view.processes.get(target ?? -1)?.command ?? "a process that it did not start";
    if (written.has(pair))
      found.push(
        sign("injection", {
          t: event.t,
          what: `wrote into the memory of ${name} by ptrace`,
          evidence: `process ${event.pid} attached to process ${target} and changed it`,
        }),
      );
    else
      found.push(
        sign("tracing", {
          t: event.t,
          what: `watched ${name} by ptrace`,
          evidence: `process ${pair}`,
          weight: "note",
        }),
      );
  }
  for (const event of events) {
    if (!request.traceMe.test(parse(event.detail ?? "").asked)) continue;
    const parent = view.processes.get(event.pid)?.ppid ?? event.ppid ?? null;
    const watched = events.some((other) => other.pid === parent && other.pid !== event.pid);
    if (watched)
      found.push(
        sign("tracing", {
          t: event.t,
          what: "traced a process that it started",
          evidence: `process ${event.pid}`,
        }),
      );
    else
      found.push(
        sign("debugger-check", {
          t: event.t,
          what: "asked to be traced, which fails where somebody watches already",
          evidence: `process ${event.pid}: ptrace TRACEME, and nobody traced it`,
        }),
      );
    break;
  }
  return found;
}

/** Names under which a program that has no file is started. */
const noFile = /^\/(proc\/(self|\d+)\/fd|dev\/fd)\/\d+$|memfd:/;

export const memory: Detector = (view) => {
  const found = tracing(view);
  const first = (what: TraceEvent["what"]) => view.events.find((event) => event.what === what);
  const fileless = view.events.find(
    (event) =>
      (event.what === "exec" && noFile.test(event.path ?? "")) ||
      (event.what === "mmap-exec" && /program that lies in memory only/.test(event.detail ?? "")),
  );
  if (fileless)
    found.push(
      sign("fileless", {
        t: fileless.t,
        what: "ran a program that lies in memory only",
        evidence: `process ${fileless.pid}: ${fileless.path ?? fileless.detail}`,
      }),
    );
  const memfd = first("memfd");
  if (memfd && !fileless)
    found.push(
      sign("memfd", {
        t: memfd.t,
        what: "kept a file in memory",
        evidence: `${memfd.comm} ${memfd.path ?? ""}`,
      }),
    );
  const inject = view.events.find(
    (event) =>
      event.what === "inject" &&
      !new RegExp(`\\b${event.pid}\\b|self`).test(`${event.path ?? ""} ${event.detail ?? ""}`),
  );
  if (inject)
    found.push(
      sign("injection", {
        t: inject.t,
        what: "wrote into the memory of another process",
        evidence: `process ${inject.pid}: ${inject.path ?? ""} ${inject.detail ?? ""}`.trim(),
        technique: /\/proc\//.test(inject.path ?? "") ? "T1055.009" : "T1055.008",
      }),
    );
  const executable = first("mmap-exec");
  if (executable)
    found.push(
      sign("memory-executable", {
        t: executable.t,
        what: "made writable memory executable",
        evidence: `${executable.comm}: ${executable.detail ?? ""}`,
      }),
    );
  return found;
};
