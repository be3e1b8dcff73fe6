/** Names of numbers that Linux uses on x86 (include/uapi), as far as a trace needs them. */
const listed = (first: number, names: string): ReadonlyMap<number, string> =>
  new Map(names.split(" ").map((name, index) => [first + index, name]));

const errors = listed(
  1,
  "EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST EXDEV " +
    "ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM ERANGE EDEADLK " +
    "ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP",
);
const socketErrors = listed(
  88,
  "ENOTSOCK EDESTADDRREQ EMSGSIZE EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT ESOCKTNOSUPPORT EOPNOTSUPP EPFNOSUPPORT " +
    "EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN " +
    "ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT ECONNREFUSED EHOSTDOWN EHOSTUNREACH EALREADY EINPROGRESS",
);
const signals = listed(
  1,
  "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU " +
    "XFSZ VTALRM PROF WINCH IO PWR SYS",
);
const capabilities = listed(
  0,
  "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE " +
    "NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN " +
    "SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE " +
    "MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE",
);
const traceRequests: Readonly<Record<number, string>> = {
  0: "TRACEME",
  1: "PEEKTEXT",
  2: "PEEKDATA",
  3: "PEEKUSER",
  4: "POKETEXT",
  5: "POKEDATA",
  6: "POKEUSER",
  7: "CONT",
  8: "KILL",
  9: "SINGLESTEP",
  12: "GETREGS",
  13: "SETREGS",
  16: "ATTACH",
  17: "DETACH",
  24: "SYSCALL",
  16896: "SETOPTIONS",
  16900: "GETREGSET",
  16901: "SETREGSET",
  16902: "SEIZE",
  16903: "INTERRUPT",
};
const namespaces: readonly (readonly [bit: number, name: string])[] = [
  [0x80, "time"],
  [0x20000, "mount"],
  [0x2000000, "cgroup"],
  [0x4000000, "uts"],
  [0x8000000, "ipc"],
  [0x10000000, "user"],
  [0x20000000, "pid"],
  [0x40000000, "network"],
];

/** `ret` as functions of the kernel give it: below zero. */
export const errorName = (ret: number): string =>
  errors.get(-ret) ?? socketErrors.get(-ret) ?? `error ${-ret}`;
export const signalName = (signal: number): string => signals.get(signal) ?? String(signal);
export const capabilityName = (number: number): string => `CAP_${capabilities.get(number) ?? number}`;
export const traceRequestName = (request: number): string => traceRequests[request] ?? `request ${request}`;
/** Namespaces that flags of clone(2) ask for; empty where none. */
export const namespaceNames = (flags: number): string[] =>
  namespaces.filter(([bit]) => flags & bit).map(([, name]) => name);
