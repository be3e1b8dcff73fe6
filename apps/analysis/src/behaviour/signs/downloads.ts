/** What came over the network and was then run, and programs that were hidden before they ran. */
import { basename } from "node:path";
import type { TraceEvent } from "@thymus/contracts";
import { granted, hiddenPlace, type Process, type RunView, reachesOut, readPath } from "../view.ts";
import { isRegistry } from "./hosts.ts";
import { type Detector, type Sign, short, sign } from "./sign.ts";

const interpreters = /^(ba|da|z|k|mk)?sh$|^(python[\d.]*|perl|node|nodejs|php[\d.]*|busybox)$/;
const system = /^\/(usr|lib|lib64|etc|bin|sbin|proc|dev|sys)\//;

interface Run {
  readonly t: number;
  readonly pid: number;
  readonly path: string;
}

/** Programs and scripts that were started: what was executed, and what an interpreter read first. */
function started(view: RunView): Run[] {
  const runs: Run[] = [];
  const waiting = new Map<number, number>();
  for (const event of view.events) {
    if (event.what === "exec") {
      const path = event.path ?? "";
      if (interpreters.test(basename(path))) waiting.set(event.pid, event.t);
      else if (!system.test(path)) runs.push({ t: event.t, pid: event.pid, path });
    } else if (readPath(event) !== null && waiting.has(event.pid)) {
      if (event.path === undefined || system.test(event.path)) continue;
      // A script is read soon after its interpreter began; settings of the interpreter lie elsewhere.
      if (/\/(\.npmrc|pyvenv\.cfg|package\.json|\.bashrc|\.profile)$/.test(event.path)) continue;
      waiting.delete(event.pid);
      runs.push({ t: event.t, pid: event.pid, path: event.path });
    }
  }
  return runs;
}

const connectsOut = (event: TraceEvent) =>
  event.what === "connect" && reachesOut(event.detail ?? "") && !/port (53|0)$/.test(event.detail ?? "");

/** Where each process first reached out. */
function firstContacts(view: RunView): Map<number, number> {
  const first = new Map<number, number>();
  for (const event of view.events)
    if (connectsOut(event) && !first.has(event.pid)) first.set(event.pid, event.t);
  return first;
}

/** Files that were written by a process that had reached out before, under the names that they got in the end. */
function fetchedFiles(
  view: RunView,
  contacts: ReadonlyMap<number, number>,
): Map<string, { t: number; over: string }> {
  const files = new Map<string, { t: number; over: string }>();
  for (const event of view.events) {
    const since = contacts.get(event.pid);
    if (event.what === "open-write" && granted(event) && event.path && !/^\/(dev|proc)\//.test(event.path)) {
      // Whatever tool fetches opens its file before or after the first byte came.
      if (since !== undefined && Math.abs(event.t - since) < 30)
        files.set(event.path, { t: event.t, over: event.path });
    } else if (event.what === "rename" && event.path && event.detail) {
      const from = files.get(event.path);
      if (from) files.set(event.detail, { ...from, over: event.detail });
    }
  }
  return files;
}

/** Two processes started side by side by the same parent: one fetches (or decodes), the other is a bare interpreter. */
function piped(
  view: RunView,
  runs: readonly Run[],
  giver: (process: Process) => boolean,
): [Process, Process] | null {
  const all = [...view.processes.values()];
  for (const taker of all) {
    const shell = taker.execs.at(-1);
    if (!shell || !interpreters.test(basename(shell.path))) continue;
    if (runs.some((run) => run.pid === taker.pid && run.t >= shell.t)) continue;
    if (/(^|\s)-\w*c(\s|$)|\.(sh|py|pl|js|php)\b/.test(shell.detail)) continue;
    const from = all.find(
      (other) =>
        other.pid !== taker.pid &&
        other.ppid === taker.ppid &&
        taker.ppid !== null &&
        Math.abs(other.started - taker.started) < 0.25 &&
        giver(other),
    );
    if (from) return [from, taker];
  }
  return null;
}

export const downloads: Detector = (view) => {
  const found: Sign[] = [];
  const contacts = firstContacts(view);
  const runs = started(view);
  const files = fetchedFiles(view, contacts);
  const hosts = [
    ...new Set(view.outward.filter(({ exchange }) => exchange.protocol !== "dns").map(({ host }) => host)),
  ];
  const onlyRegistries = hosts.length > 0 && hosts.every(isRegistry);
  const told = new Set<string>();
  for (const run of runs) {
    const fetched = files.get(run.path);
    if (!fetched || fetched.t > run.t || told.has(run.path)) continue;
    told.add(run.path);
    const itself = run.path === view.samplePath || view.wasThere(run.path);
    const weight = onlyRegistries || itself ? "note" : hiddenPlace(run.path) ? "harmful" : "suspicious";
    found.push(
      sign("runs-downloaded", {
        t: run.t,
        what: `ran ${short(run.path, view.home)}, fetched from ${hosts.slice(0, 3).join(", ") || "the network"}`,
        evidence: `written at ${fetched.t.toFixed(2)} s by a process that had reached out, run by process ${run.pid}`,
        weight,
      }),
    );
  }
  const pipe = piped(view, runs, (process) => contacts.has(process.pid));
  if (pipe)
    found.push(
      sign("runs-downloaded", {
        t: pipe[1].execs.at(-1)!.t,
        what: `had ${basename(pipe[1].command)} run what came from ${hosts.slice(0, 3).join(", ") || "the network"}`,
        evidence: `${pipe[0].command} (process ${pipe[0].pid}) fetched, ${pipe[1].command} (process ${pipe[1].pid}) beside it had no script of its own`,
        weight: onlyRegistries ? "suspicious" : "harmful",
      }),
    );
  const decoded = piped(view, runs, (process) => /\/(base64|openssl|xxd|base32)$/.test(process.command));
  if (decoded)
    found.push(
      sign("runs-encoded", {
        t: decoded[1].execs.at(-1)!.t,
        what: `decoded a program by ${basename(decoded[0].command)} and ran it`,
        evidence: `processes ${decoded[0].pid} and ${decoded[1].pid}`,
      }),
    );
  for (const run of runs) {
    if (told.has(run.path) || run.path === view.samplePath || !hiddenPlace(run.path)) continue;
    // What a build makes in a temporary folder and takes away again is no hiding place.
    if (view.wasThere(run.path) || !view.result.dropped.some((file) => file.path === run.path)) continue;
    told.add(run.path);
    found.push(
      sign("hidden-program", {
        t: run.t,
        what: `put a program into ${short(run.path, view.home)} and started it`,
        evidence: `process ${run.pid} ran ${run.path}, which was not there before`,
      }),
    );
  }
  return found;
};
