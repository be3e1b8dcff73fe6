import { existsSync, readFileSync } from "node:fs";
import { chainOf } from "../processes/lineage.ts";
import { readDescriptor, readEnvironment, readStat } from "../processes/proc-files.ts";
import type { Known } from "../processes/table.ts";
import type { ProcessLook } from "./facts.ts";

/** What can be said of a process without asking the system again. */
export function shortLook(known: Known): ProcessLook {
  const { exe, deleted, cmdline } = known.image;
  return {
    ...{ pid: known.pid, exe, deleted, cmdline, uid: known.uid },
    parents: chainOf(known)
      .slice(1)
      .flatMap(({ image }) => image.exe ?? []),
    ...{ replaced: false, terminal: false, networkShell: false, preload: null, cpu: null, ports: [] },
  };
}

/** Everything that patterns want to know of a process that runs. */
export function longLook(known: Known, cpu: ProcessLook["cpu"] = null): ProcessLook {
  const { pid, image } = known;
  const stat = readStat(pid);
  return {
    ...shortLook(known),
    replaced: image.deleted && image.exe !== null && existsSync(image.exe),
    terminal: (stat?.tty ?? 0) !== 0,
    networkShell: isNetworkShell(pid),
    preload: readEnvironment(pid, "LD_PRELOAD"),
    cpu,
    ports: cpu ? remotePorts(pid) : [],
  };
}

const inodeOf = (target: string | null): string | null =>
  /^socket:\[(\d+)\]$/.exec(target ?? "")?.[1] ?? null;

/** Standard input and output are one and the same TCP connection; pairs of local sockets, as Node makes them, are none. */
function isNetworkShell(pid: number): boolean {
  const input = inodeOf(readDescriptor(pid, 0));
  if (input === null || inodeOf(readDescriptor(pid, 1)) !== input) return false;
  return connections(pid).some(({ inode }) => inode === input);
}

/** TCP connections that a process's network shows (proc_net_tcp): remote port and inode of those that are established. */
function connections(pid: number): { port: number; inode: string; local: boolean }[] {
  const found: { port: number; inode: string; local: boolean }[] = [];
  for (const table of ["tcp", "tcp6"]) {
    let text: string;
    try {
      text = readFileSync(`/proc/${pid}/net/${table}`, "latin1");
    } catch {
      continue;
    }
    for (const line of text.split("\n").slice(1)) {
      const fields = line.trim().split(/\s+/);
      const [address, port] = (fields[2] ?? "").split(":");
      if (fields[3] !== "01" || !port) continue;
      const local = address === "0100007F" || address!.endsWith("0100007F") || /^0+1000000$/.test(address!);
      found.push({ port: Number.parseInt(port, 16), inode: fields[9] ?? "", local });
    }
  }
  return found;
}

/** Descriptors of a process that are looked at. */
const DESCRIPTORS = 64;

/** Ports on other machines to which a process has connections. */
function remotePorts(pid: number): number[] {
  const own = new Set<string>();
  for (let fd = 0; fd < DESCRIPTORS; fd++) {
    const inode = inodeOf(readDescriptor(pid, fd));
    if (inode) own.add(inode);
  }
  if (own.size === 0) return [];
  return connections(pid).flatMap(({ inode, port, local }) => (own.has(inode) && !local ? [port] : []));
}
