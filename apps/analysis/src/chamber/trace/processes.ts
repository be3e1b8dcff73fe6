/** Records about processes, privileges, memory and time. */
import { capabilityName, namespaceNames, signalName, traceRequestName } from "./numbers.ts";
import { resolvedPath } from "./paths.ts";
import type { Values } from "./record.ts";
import type { Reader, Seen } from "./seen.ts";

/** Arguments of a system call are as wide as a register; these are 32-bit numbers. */
const a = (values: Values) => values.number("a") | 0;
const b = (values: Values) => values.number("b") | 0;
const c = (values: Values) => values.number("c") | 0;

const WRITE = 2;
const prctls: Readonly<Record<number, string>> = {
  4: "PR_SET_DUMPABLE",
  22: "PR_SET_SECCOMP",
  35: "PR_SET_MM",
  36: "PR_SET_CHILD_SUBREAPER",
  1499557217: "PR_SET_PTRACER",
};
const HRTIMER_RELATIVE = 1;
const CLOCK_MONOTONIC = 1;
/** Seconds from which a wait for something else is told as a sleep too. */
const LONG_WAIT = 1;

const kill =
  (target: (values: Values) => number, signal: (values: Values) => number): Reader =>
  (values, { task }) => {
    if (target(values) === task.process) return null;
    return { what: "kill", detail: `signal ${signalName(signal(values))} process ${target(values)}` };
  };
const setid =
  (name: string, count: number): Reader =>
  (values) => ({
    what: "setid",
    detail: `${name} ${[a, b, c]
      .slice(0, count)
      .map((read) => read(values))
      .join(" ")}`,
  });
const named =
  (what: Seen["what"], detail: string): Reader =>
  () => ({ what, detail });

function asked(ns: bigint | number, from: number): Seen {
  return { what: "sleep", detail: String(Math.max(0, Math.round((Number(ns) - from) / 1e6) / 1000)) };
}

export const processReaders: Readonly<Record<string, Reader>> = {
  ptrace: (values) => ({
    what: "ptrace",
    detail: `${traceRequestName(a(values))} process ${b(values)}`,
  }),
  process_vm_writev: (values) => ({ what: "inject", detail: `memory of process ${a(values)}` }),
  kill: kill(a, b),
  tkill: kill(a, b),
  tgkill: kill(a, c),
  rt_sigqueueinfo: kill(a, b),
  rt_tgsigqueueinfo: kill(a, c),
  pidfd_send_signal: (values) => ({
    what: "kill",
    detail: `signal ${signalName(b(values))} by descriptor ${a(values)}`,
  }),
  map: (values) => {
    if (values.number("prot") & WRITE)
      return { what: "mmap-exec", detail: "mapped writable and executable memory" };
    if (values.text("name").startsWith("memfd:"))
      return { what: "mmap-exec", detail: `mapped a file in memory executable: ${values.text("name")}` };
    return { what: "mmap-exec", detail: "mapped executable memory without a file" };
  },
  protect: (values) => {
    if (values.number("prot") & WRITE)
      return { what: "mmap-exec", detail: "made memory writable and executable" };
    if (values.number("before") & WRITE)
      return { what: "mmap-exec", detail: "made writable memory executable" };
    return { what: "mmap-exec", detail: "made memory executable" };
  },
  memfd: (values) => ({ what: "memfd", detail: values.text("name").replace(/^memfd:/, "") }),
  capable: (values) => ({ what: "capability", detail: capabilityName(values.number("cap")) }),
  capset: named("capability", "capset"),
  setuid: setid("setuid", 1),
  setreuid: setid("setreuid", 2),
  setresuid: setid("setresuid", 3),
  setgid: setid("setgid", 1),
  setregid: setid("setregid", 2),
  setresgid: setid("setresgid", 3),
  setgroups: named("setid", "setgroups"),
  unshare: (values) => ({
    what: "namespace",
    detail: `unshare ${namespaceNames(a(values)).join(" ")}`.trim(),
  }),
  setns: named("namespace", "setns"),
  mount: (values, { mounts }) => ({
    what: "mount",
    path: resolvedPath(values, mounts).path,
    detail: `${values.text("type") || "mount"} ${values.text("source")}`.trim(),
  }),
  chroot: (values, { mounts }) => ({
    what: "mount",
    path: resolvedPath(values, mounts).path,
    detail: "chroot",
  }),
  fsopen: named("mount", "fsopen"),
  open_tree: named("mount", "open_tree"),
  move_mount: named("mount", "move_mount"),
  umount: named("mount", "umount"),
  pivot_root: named("mount", "pivot_root"),
  init_module: named("module", "init_module"),
  finit_module: named("module", "finit_module"),
  delete_module: named("module", "delete_module"),
  bpf: (values) => ({ what: "module", detail: `bpf command ${a(values)}` }),
  kexec_load: named("module", "kexec_load"),
  kexec_file_load: named("module", "kexec_file_load"),
  prctl: (values) => ({
    what: "prctl",
    detail: `${prctls[values.number("option")] ?? values.number("option")} ${values.number("value")}`,
  }),
  named: (values) => ({ what: "prctl", detail: `PR_SET_NAME ${values.text("name")}` }),
  seccomp: named("prctl", "seccomp"),
  io_uring_setup: named("prctl", "io_uring_setup"),
  sleep: (values, { ns }) => {
    if (values.number("mode") & HRTIMER_RELATIVE) return asked(values.number("ns"), 0);
    // Until a time of day: how long that is, this clock does not tell.
    return values.number("clock") === CLOCK_MONOTONIC ? asked(values.number("ns"), Number(ns)) : null;
  },
  wait: (values, { ns }) => {
    const from = values.number("mode") & HRTIMER_RELATIVE ? 0 : Number(ns);
    return values.number("ns") - from >= LONG_WAIT * 1e9 ? asked(values.number("ns"), from) : null;
  },
};

/** Most characters of a command line that are kept. */
const MAX_COMMAND_LINE = 200;
const WORDS = 28;

/** A program about to start: its command line as the kernel has laid it out, and whether it lies in memory only. */
export function commandLine(values: Values): { text: string; memory: string | null } {
  const bytes = Buffer.concat(Array.from({ length: WORDS }, (_, index) => values.bytes(`w${index}`)));
  const words = bytes
    .toString("utf8")
    .split("\0")
    .slice(0, Math.max(0, Math.min(values.number("argc"), 64)));
  const file = values.text("file");
  return {
    text: words.join(" ").slice(0, MAX_COMMAND_LINE).trimEnd(),
    memory: file.startsWith("memfd:") ? file : null,
  };
}

/** End of a process by the number that the kernel keeps: status in the second byte, a signal in the first. */
export function endingText(code: number): string {
  return code & 0x7f ? `signal ${signalName(code & 0x7f)}` : `status ${(code >>> 8) & 0xff}`;
}
