/** What a worker gives up before it meets the first hostile byte. Nothing of it can be taken back. */
import type { Layer } from "./layers.ts";
import { type Libc, loadLibc } from "./libc.ts";
import { type FilteredArch, filterProgram } from "./seccomp.ts";

export interface LockdownOptions {
  /** Bytes of memory that the process may ask for (RLIMIT_DATA). */
  readonly memoryBytes: number;
  /** Waits behind everything else on the machine: idle class of the processor and of the disks. */
  readonly idle: boolean;
}

const NOBODY = 65_534;
const PR_SET_DUMPABLE = 4;
const PR_SET_NO_NEW_PRIVS = 38;
const RLIMIT = { data: 2, fsize: 1, core: 4, nofile: 7 } as const;
const SYS = {
  x64: { seccomp: 317, ioprio_set: 251 },
  arm64: { seccomp: 277, ioprio_set: 30 },
} as const;
const LANDLOCK = { create: 444, restrict: 446 } as const;
const LANDLOCK_VERSION = 1;
const SECCOMP_SET_MODE_FILTER = 1;
const SECCOMP_FILTER_FLAG_TSYNC = 1;
const SCHED_IDLE = 5;
const IOPRIO_IDLE = 3 << 13;
/** Files of one batch in work and of the next on their way, and what the runtime itself holds. */
const MAX_OPEN = 512;

/** @returns what holds; a layer that this kernel does not have is missing in it, never an error */
export function lockDown(options: LockdownOptions): Layer[] {
  const libc = loadLibc();
  if (!libc) return [];
  const arch = process.arch as FilteredArch;
  const prctl = libc.bind(
    "int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)",
  );
  const call = libc.bind("int64 syscall(int64 number, int64 a, int64 b, int64 c, int64 d)");
  const held: Layer[] = [];
  if (options.idle) beIdle(libc, (who) => void call(SYS[arch].ioprio_set, 1, who, IOPRIO_IDLE, 0));
  if (limit(libc, options.memoryBytes)) held.push("limits");
  if (dropUser()) held.push("uid");
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (Number(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) === 0) held.push("no-new-privileges");
  if (landlock(libc, (...args) => Number(call(...args)))) held.push("landlock");
  const program = filterProgram(arch);
  // struct sock_fprog: a count, then a pointer.
  const header = Buffer.alloc(128);
  header.writeUInt16LE(program.length / 8, 0);
  header.writeBigUInt64LE(libc.address(program), 8);
  const filtered = call(
    SYS[arch].seccomp,
    SECCOMP_SET_MODE_FILTER,
    SECCOMP_FILTER_FLAG_TSYNC,
    libc.address(header),
    0,
  );
  if (Number(filtered) === 0) held.push("seccomp");
  return held;
}

function beIdle(libc: Libc, ioprio: (who: number) => void): void {
  const parameter = Buffer.alloc(64);
  libc.bind("int sched_setscheduler(int pid, int policy, const uint8_t *parameter)")(
    0,
    SCHED_IDLE,
    parameter,
  );
  ioprio(0);
}

function limit(libc: Libc, memory: number): boolean {
  const setrlimit = libc.bind("int setrlimit(int resource, const uint8_t *limit)");
  const set = (resource: number, value: number) => {
    const pair = Buffer.alloc(16);
    pair.writeBigUInt64LE(BigInt(value), 0);
    pair.writeBigUInt64LE(BigInt(value), 8);
    return Number(setrlimit(resource, pair)) === 0;
  };
  const all = [
    set(RLIMIT.data, memory),
    set(RLIMIT.fsize, 4096),
    set(RLIMIT.core, 0),
    set(RLIMIT.nofile, MAX_OPEN),
  ];
  return all.every(Boolean);
}

/** Where it is root: nobody, for all threads. No user namespace of root's may be around this, which would only hide its id (launch.ts). */
function dropUser(): boolean {
  if (process.getuid?.() === 0) {
    try {
      process.setgroups?.([]);
      process.setgid?.(NOBODY);
      process.setuid?.(NOBODY);
    } catch {
      // Without the right to, or where the user namespace knows no other user.
      return false;
    }
  }
  return process.getuid?.() !== 0;
}

/** No file system, no TCP port, no abstract socket, no signal to others: all rights handled, none granted (landlock(7)). */
function landlock(libc: Libc, call: (...args: (number | bigint)[]) => number): boolean {
  const version = call(LANDLOCK.create, 0, 0, LANDLOCK_VERSION, 0);
  if (version < 1) return false;
  const files = version >= 5 ? 0xffff : version >= 3 ? 0x7fff : version === 2 ? 0x3fff : 0x1fff;
  const attributes = Buffer.alloc(128);
  attributes.writeBigUInt64LE(BigInt(files), 0);
  attributes.writeBigUInt64LE(version >= 4 ? 3n : 0n, 8);
  attributes.writeBigUInt64LE(version >= 6 ? 3n : 0n, 16);
  const size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
  const ruleset = call(LANDLOCK.create, libc.address(attributes), size, 0, 0);
  return ruleset >= 0 && call(LANDLOCK.restrict, ruleset, 0, 0, 0) === 0;
}
