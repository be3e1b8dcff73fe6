/** What strace wrote about a sample, as trace events. Lines come from a hostile program's run: text with limits. Pure. */
import { posix } from "node:path";
import type { TraceEvent } from "@thymus/contracts";

/** System calls that are traced. */
export const traced = [
  ...[
    "execve",
    "execveat",
    "clone",
    "vfork",
    "fork",
    "exit_group",
    "kill",
    "tgkill",
    "chdir",
    "connect",
    "bind",
  ],
  ...[
    "open",
    "openat",
    "creat",
    "truncate",
    "unlink",
    "unlinkat",
    "rmdir",
    "mkdir",
    "mkdirat",
    "link",
    "linkat",
  ],
  ...[
    "symlink",
    "symlinkat",
    "rename",
    "renameat",
    "renameat2",
    "chmod",
    "fchmodat",
    "ptrace",
    "memfd_create",
  ],
];

const MOST_EVENTS = 50_000;
const LINE = /^(\d+) +(\d+\.\d+) (.*)$/;
const CALL = /^(\w+)\((.*)\) += (-?\d+|\?)/;

interface Process {
  comm: string;
  folder: string;
}

/** @param folder where the first process begins @param first event times count from the first program of this path */
export function readStrace(text: string, folder: string): { events: TraceEvent[]; lost: number } {
  const events: TraceEvent[] = [];
  const processes = new Map<number, Process>();
  const unfinished = new Map<number, string>();
  let start: number | null = null;
  let lost = 0;
  for (const raw of text.split("\n")) {
    const line = LINE.exec(raw.slice(0, 16_384));
    if (!line) continue;
    const pid = Number(line[1]);
    const at = Number(line[2]);
    let call = line[3]!;
    if (call.endsWith("<unfinished ...>")) {
      unfinished.set(pid, call.slice(0, -"<unfinished ...>".length));
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(call);
    if (resumed) call = `${unfinished.get(pid) ?? ""}${resumed[1]}`;
    const known = processes.get(pid);
    const found = CALL.exec(call);
    if (!found) continue;
    const [, name, args, result] = found as unknown as [string, string, string, string];
    // What bubblewrap itself does before the sample is none of the sample's.
    if (start === null) {
      if (name !== "execve" || !args.startsWith('"/usr/bin/env"') || result !== "0") continue;
      start = at;
      processes.set(pid, { comm: "env", folder });
    }
    const process = processes.get(pid) ?? known ?? { comm: "", folder };
    if (!processes.has(pid)) processes.set(pid, process);
    const told = eventOf(name, args, Number(result), process, processes);
    if (!told) continue;
    if (events.length >= MOST_EVENTS) lost++;
    else events.push({ t: Math.max(0, at - start), pid, comm: process.comm, ...told });
  }
  return { events, lost };
}

type Told = Pick<TraceEvent, "what" | "path" | "detail">;

function eventOf(
  name: string,
  args: string,
  result: number,
  process: Process,
  processes: Map<number, Process>,
): Told | null {
  const paths = [...args.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, path]) => plain(path!).slice(0, 4096));
  const absolute = (path: string | undefined) =>
    path === undefined ? "" : posix.resolve(process.folder, path).slice(0, 4096);
  const failed = result < 0 ? { detail: "failed" } : {};
  const of = (what: TraceEvent["what"], path = paths[0]): Told => ({ what, path: absolute(path), ...failed });
  switch (name) {
    case "execve":
    case "execveat":
      if (result < 0) return null;
      process.comm = posix.basename(paths[0] ?? "").slice(0, 15);
      return { what: "exec", path: absolute(paths[0]), detail: paths.slice(1).join(" ").slice(0, 4096) };
    case "fork":
    case "vfork":
    case "clone":
      if (result <= 0) return null;
      processes.set(result, { ...process });
      return { what: "fork", detail: `${args.includes("CLONE_THREAD") ? "thread" : "child"} ${result}` };
    case "exit_group":
      return { what: "exit", detail: `status ${Number.parseInt(args, 10) || 0}` };
    case "kill":
    case "tgkill":
      return { what: "kill", detail: args.slice(0, 256) };
    case "chdir":
      if (result === 0) process.folder = absolute(paths[0]);
      return null;
    case "connect":
    case "bind": {
      const address = /inet_addr\("([\d.]+)"\)/.exec(args)?.[1] ?? paths[0] ?? "";
      const port = /port=htons\((\d+)\)/.exec(args)?.[1];
      return { what: name, detail: `${address}${port ? ` port ${port}` : ""}`.slice(0, 256) };
    }
    case "open":
    case "openat":
    case "creat":
      if (result < 0) return null;
      return of(name === "creat" || /O_(WRONLY|RDWR|CREAT|TRUNC)/.test(args) ? "open-write" : "open-read");
    case "truncate":
      return of("open-write");
    case "rename":
    case "renameat":
    case "renameat2":
      return { ...of("rename"), detail: absolute(paths[1]) };
    case "link":
    case "linkat":
    case "symlink":
    case "symlinkat":
      return { ...of("link", paths[1]), detail: absolute(paths[0]) };
    case "chmod":
    case "fchmodat":
      return { ...of("chmod"), detail: /0\d+/.exec(args)?.[0] ?? "" };
    case "unlink":
    case "unlinkat":
    case "rmdir":
      return of("unlink");
    case "mkdir":
    case "mkdirat":
      return of("mkdir");
    case "ptrace":
      return { what: "ptrace", detail: args.slice(0, 64) };
    case "memfd_create":
      return { what: "memfd", detail: paths[0] ?? "" };
    default:
      return null;
  }
}

/** strace's quoting: C escapes. */
const plain = (text: string): string =>
  text.replace(/\\(x[0-9a-f]{1,2}|[0-7]{1,3}|.)/g, (_, code: string) => {
    const named: Record<string, string> = { n: "\n", t: "\t", r: "\r" };
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
    if (/^x[0-9a-f]/.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return named[code] ?? code;
  });
