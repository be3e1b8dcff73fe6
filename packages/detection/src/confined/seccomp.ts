/** A filter of system calls for a worker that has all it needs open already (seccomp(2)): what is not listed fails with EPERM. */

const AUDIT_ARCH = { x64: 0xc000003e, arm64: 0xc00000b7 } as const;
export type FilteredArch = keyof typeof AUDIT_ARCH;

/** Numbers of the kernel's tables (x86-64: unistd_64.h, arm64: asm-generic/unistd.h). */
const numbers: Readonly<Record<string, readonly [x64: number | null, arm64: number]>> = {
  read: [0, 63],
  write: [1, 64],
  close: [3, 57],
  fstat: [5, 80],
  poll: [7, 73],
  lseek: [8, 62],
  mmap: [9, 222],
  mprotect: [10, 226],
  munmap: [11, 215],
  brk: [12, 214],
  rt_sigaction: [13, 134],
  rt_sigprocmask: [14, 135],
  rt_sigreturn: [15, 139],
  pread64: [17, 67],
  pwrite64: [18, 68],
  readv: [19, 65],
  writev: [20, 66],
  sched_yield: [24, 124],
  mremap: [25, 216],
  madvise: [28, 233],
  dup: [32, 23],
  nanosleep: [35, 101],
  getpid: [39, 172],
  recvmsg: [47, 212],
  exit: [60, 93],
  fcntl: [72, 25],
  gettimeofday: [96, 169],
  getrusage: [98, 165],
  sigaltstack: [131, 132],
  gettid: [186, 178],
  futex: [202, 98],
  sched_getaffinity: [204, 123],
  restart_syscall: [219, 128],
  clock_gettime: [228, 113],
  clock_getres: [229, 114],
  clock_nanosleep: [230, 115],
  exit_group: [231, 94],
  epoll_wait: [232, 22],
  epoll_ctl: [233, 21],
  epoll_pwait: [281, 22],
  eventfd2: [290, 19],
  set_robust_list: [273, 99],
  getrandom: [318, 278],
  membarrier: [324, 283],
  rseq: [334, 293],
};

const ALLOW = 0x7fff0000;
const FAIL = 0x00050000;
const KILL = 0x80000000;
const EPERM = 1;
const LOAD = 0x20;
const EQUAL = 0x15;
const AT_LEAST = 0x35;
const RETURN = 0x06;
/** The other table of x86-64 (x32) begins here. */
const X32 = 0x40000000;

/** Calls that are allowed, by number. */
function allowed(arch: FilteredArch): number[] {
  const all = Object.values(numbers).map(([x64, arm64]) => (arch === "x64" ? x64 : arm64));
  return [...new Set(all.filter((number) => number !== null))].sort((a, b) => a - b);
}

/** The program as the kernel takes it: instructions of 8 bytes (struct sock_filter). */
export function filterProgram(arch: FilteredArch): Buffer {
  const calls = allowed(arch);
  const lines: [code: number, yes: number, no: number, value: number][] = [
    [LOAD, 0, 0, 4],
    [EQUAL, 1, 0, AUDIT_ARCH[arch]],
    [RETURN, 0, 0, KILL],
    [LOAD, 0, 0, 0],
    [AT_LEAST, 0, 1, X32],
    [RETURN, 0, 0, KILL],
    ...calls.map((number, at): [number, number, number, number] => [EQUAL, calls.length - at, 0, number]),
    [RETURN, 0, 0, FAIL | EPERM],
    [RETURN, 0, 0, ALLOW],
  ];
  const program = Buffer.alloc(8 * lines.length);
  for (const [at, [code, yes, no, value]] of lines.entries()) {
    program.writeUInt16LE(code, 8 * at);
    program.writeUInt8(yes, 8 * at + 2);
    program.writeUInt8(no, 8 * at + 3);
    program.writeUInt32LE(value >>> 0, 8 * at + 4);
  }
  return program;
}
