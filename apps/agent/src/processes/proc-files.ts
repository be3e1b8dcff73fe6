import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";

/** The program that a process runs; shared by all that were forked from it since. */
export interface Image {
  /** Path of the executable as the kernel names it, without its mark of deletion; null where it may not be read. */
  readonly exe: string | null;
  /** The file was deleted or replaced after it was started. */
  readonly deleted: boolean;
  /** Device and inode of the executable. */
  readonly file: string | null;
  readonly cmdline: readonly string[];
}

/** One process as /proc tells of it. */
export interface ProcessFacts extends Image {
  readonly pid: number;
  /** Clock ticks from the machine's start until the process's: with the pid it names the process for good. */
  readonly start: number;
  readonly parent: number;
  readonly name: string;
  readonly state: string;
  readonly session: number;
  /** Device number of its terminal; 0 where it has none. */
  readonly tty: number;
  readonly kernel: boolean;
  readonly uid: number;
  /** Clock ticks of processor time that it used. */
  readonly ticks: number;
}

/** Flag of kernel threads (PF_KTHREAD of include/linux/sched.h). */
const KERNEL_THREAD = 0x00200000;
/** Bytes of a command line that are kept. */
const CMDLINE = 4096;

/** What /proc/PID/stat says; null for a process that is gone. proc_pid_stat(5) */
export function readStat(pid: number): Omit<ProcessFacts, keyof Image | "uid"> | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return null;
  }
  return parseStat(pid, text);
}

/** The name may hold blanks and brackets: it ends at the last closing bracket. */
export function parseStat(pid: number, text: string): Omit<ProcessFacts, keyof Image | "uid"> | null {
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  const rest = text.slice(close + 2).split(" ");
  if (open < 0 || close < open || rest.length < 20) return null;
  return {
    pid,
    name: text.slice(open + 1, close),
    state: rest[0]!,
    parent: Number(rest[1]),
    session: Number(rest[3]),
    tty: Number(rest[4]),
    kernel: (Number(rest[6]) & KERNEL_THREAD) !== 0,
    ticks: Number(rest[11]) + Number(rest[12]),
    start: Number(rest[19]),
  };
}

const DELETED = " (deleted)";

/** The program of a process. Never throws: what cannot be read is null or empty. */
export function readImage(pid: number): Image {
  let exe: string | null = null;
  let file: string | null = null;
  let cmdline: string[] = [];
  try {
    exe = readlinkSync(`/proc/${pid}/exe`);
    const stat = statSync(`/proc/${pid}/exe`);
    file = `${stat.dev}:${stat.ino}`;
  } catch {
    // A kernel thread, another user's process, or one that is gone.
  }
  try {
    const text = readFileSync(`/proc/${pid}/cmdline`, "utf8").slice(0, CMDLINE);
    cmdline = text.replace(/\0$/, "").split("\0");
    if (cmdline.length === 1 && cmdline[0] === "") cmdline = [];
  } catch {
    // Gone.
  }
  const deleted = exe?.endsWith(DELETED) ?? false;
  return { exe: deleted ? exe!.slice(0, -DELETED.length) : exe, deleted, file, cmdline };
}

/** One process; null where it is gone. */
export function readProcess(pid: number): ProcessFacts | null {
  const stat = readStat(pid);
  if (!stat) return null;
  let uid = 0;
  try {
    uid = lstatSync(`/proc/${pid}`).uid;
  } catch {
    return null;
  }
  const none: Image = { exe: null, deleted: false, file: null, cmdline: [] };
  return { ...stat, uid, ...(stat.kernel ? none : readImage(pid)) };
}

/** Pids of all processes. */
export function listPids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** What an open file of a process is, e.g. `socket:[123]`; null where it is not open or may not be read. */
export function readDescriptor(pid: number, fd: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    return null;
  }
}

/** One variable of the environment with which a process was started. */
export function readEnvironment(pid: number, name: string): string | null {
  try {
    const found = readFileSync(`/proc/${pid}/environ`, "utf8")
      .split("\0")
      .find((each) => each.startsWith(`${name}=`));
    return found?.slice(name.length + 1) ?? null;
  } catch {
    return null;
  }
}

/** Path of the process's control group, e.g. `/system.slice/nginx.service`; null where there is none. */
export function readCgroup(pid: number): string | null {
  try {
    const lines = readFileSync(`/proc/${pid}/cgroup`, "utf8").trim().split("\n");
    const line =
      lines.find((each) => each.startsWith("0::")) ?? lines.find((each) => each.includes("systemd"));
    return line?.split(":").slice(2).join(":") ?? null;
  } catch {
    return null;
  }
}

/** Instant of the machine's start: a stopped process of another one is gone for certain. */
export function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "unknown";
  }
}
