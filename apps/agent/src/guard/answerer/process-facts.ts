import { Facts, readSmall } from "./calls.ts";
import { pathBytes } from "./library.ts";

/** What /proc/PID/stat tells of a process (proc_pid_stat(5)). */
export interface ProcessFacts {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Device of the controlling terminal; 0 where there is none. */
  readonly terminal: number;
  /** Clock ticks after boot: with the pid, the identity of a process. */
  readonly started: string;
}

const buffer = Buffer.alloc(4096);
const program = new Facts();

/** @returns null for a process that is gone, or that this one cannot see */
export function processFacts(pid: number): ProcessFacts | null {
  const length = readSmall(pathBytes(`/proc/${pid}/stat`), buffer);
  const text = buffer.toString("latin1", 0, length);
  // The name may contain anything, also blanks and parentheses: the last parenthesis ends it.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  if (length === 0 || fields.length < 20) return null;
  // Being buried: the kernel has parted it from its parent and group already, and writes 0 and -1.
  if (fields[2] === "-1") return null;
  return {
    pid,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    terminal: Number(fields[4]),
    started: fields[19]!,
  };
}

/** Identity of the program that a process runs, or null. Never by its name: that is whatever it wants to be called. */
export function programOf(pid: number): string | null {
  return program.ofPath(pathBytes(`/proc/${pid}/exe`)) ? programKey(program) : null;
}

/** Control group of a process as the kernel names it (cgroups(7)), with its line; "" where there is none. */
export function groupOf(pid: number): string {
  const length = readSmall(pathBytes(`/proc/${pid}/cgroup`), buffer);
  const lines = buffer.toString("latin1", 0, length).split("\n");
  return lines.find((line) => line.startsWith("0::")) ?? lines.find((line) => line.includes("systemd")) ?? "";
}

/** User id of a process; -1 where it is gone. */
export function ownerOf(pid: number): number {
  return program.ofPath(pathBytes(`/proc/${pid}`)) ? program.uid : -1;
}

/** Identity of a program file that belongs to root and that nobody else can write to; null for any other. */
export function trustedProgram(path: string): string | null {
  if (!program.ofPath(pathBytes(path)) || !program.ofRootAlone) return null;
  return programKey(program);
}

const programKey = ({ words }: Facts): string => `${words[34]}:${words[35]}:${words[8]}:${words[9]}`;
