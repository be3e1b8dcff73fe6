import { readdirSync, readFileSync } from "node:fs";

/** What a process and all that it started took so far, by /proc/PID/stat and status (proc(5)). */
export interface Taken {
  /** Seconds of processors, ended children included. */
  readonly cpuSeconds: number;
  /** Resident bytes that no other process shares, and all resident bytes. */
  readonly privateBytes: number;
  readonly residentBytes: number;
  readonly processes: number;
  readonly threads: number;
}

const TICKS = 100;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
  readonly threads: number;
}

function statOf(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name may hold anything: fields are counted from behind its closing bracket.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const number = (index: number) => Number(fields[index]);
    // utime, stime, cutime, cstime are fields 14 to 17 of all, 11 to 14 of these.
    return {
      pid,
      parent: number(1),
      ticks: number(11) + number(12) + number(13) + number(14),
      threads: number(17),
    };
  } catch {
    return null;
  }
}

function memoryOf(pid: number): { privateBytes: number; residentBytes: number } {
  const kib = (name: string, text: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
    return {
      privateBytes: 1024 * (kib("Private_Clean", text) + kib("Private_Dirty", text)),
      residentBytes: 1024 * kib("Rss", text),
    };
  } catch {
    return { privateBytes: 0, residentBytes: 0 };
  }
}

export function takenBy(top: number): Taken {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => statOf(Number(name)) ?? []);
  const family = new Set([top]);
  for (let before = 0; before !== family.size; ) {
    before = family.size;
    for (const { pid, parent } of all) if (family.has(parent)) family.add(pid);
  }
  const own = all.filter(({ pid }) => family.has(pid));
  const memory = own.map(({ pid }) => memoryOf(pid));
  const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);
  return {
    cpuSeconds: sum(own.map(({ ticks }) => ticks)) / TICKS,
    privateBytes: sum(memory.map((each) => each.privateBytes)),
    residentBytes: sum(memory.map((each) => each.residentBytes)),
    processes: own.length,
    threads: sum(own.map(({ threads }) => threads)),
  };
}
