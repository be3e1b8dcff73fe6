/**
 * Starts a process that may meet hostile bytes: no network, no keys, no write access outside its own folder.
 * Namespaces and the mount list are bubblewrap's; what is not listed here does not exist for the process.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, lstatSync, readFileSync, readlinkSync } from "node:fs";
import { ThymusError } from "@thymus/contracts";

export interface Confinement {
  /** Folders that the process may read; they keep their path. */
  readonly readable: readonly string[];
  /** The only folder that it may write; it keeps its path. */
  readonly writable: string;
  /** Folders and files inside a readable folder that must look empty. */
  readonly hidden?: readonly string[];
  /** Devices that the process may use beside the harmless ones. */
  readonly devices?: readonly string[];
  /** Largest file in bytes that it may write. */
  readonly maxFileBytes: number;
}

const systemFolders = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt"];
const systemFiles = [
  "/etc/alternatives",
  "/etc/ld.so.cache",
  "/etc/ld.so.conf",
  "/etc/ld.so.conf.d",
  "/etc/qemu",
];

/** The arguments of bwrap before the command. Exported so that a test can hold the list. */
export function confinementArguments(confinement: Confinement): string[] {
  // An own user namespace with an ordinary uid also lets a chamber inside make namespaces of its own.
  const args = ["--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534"];
  args.push("--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv");
  args.push("--setenv", "PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "--setenv", "HOME", "/tmp");
  args.push("--hostname", "confined", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp");
  for (const device of confinement.devices ?? []) args.push("--dev-bind", device, device);
  for (const folder of systemFolders) {
    if (!existsSync(folder)) continue;
    if (lstatSync(folder).isSymbolicLink()) args.push("--symlink", readlinkSync(folder), folder);
    else args.push("--ro-bind", folder, folder);
  }
  for (const file of systemFiles) args.push("--ro-bind-try", file, file);
  for (const folder of confinement.readable) args.push("--ro-bind", folder, folder);
  for (const path of confinement.hidden ?? []) {
    if (!existsSync(path)) continue;
    // In a second work tree of the project `.git` is a file.
    if (lstatSync(path).isDirectory()) args.push("--tmpfs", path);
    else args.push("--ro-bind", "/dev/null", path);
  }
  // Bound again: a hidden folder may hold a readable one.
  for (const folder of confinement.readable)
    if (confinement.hidden?.some((hidden) => folder.startsWith(`${hidden}/`)))
      args.push("--ro-bind", folder, folder);
  args.push("--bind", confinement.writable, confinement.writable, "--chdir", confinement.writable);
  return args;
}

let probed: boolean | null = null;

/** Whether this machine can confine at all; probed once by doing it. */
export function confinementWorks(): boolean {
  probed ??=
    spawnSync(
      "bwrap",
      ["--unshare-all", "--unshare-user", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"],
      {
        stdio: "ignore",
        timeout: 20_000,
      },
    ).status === 0;
  return probed;
}

/**
 * Starts `command` confined; standard input, output and error are pipes, file descriptors of `inherited` follow.
 * @throws ThymusError CONFINEMENT_UNAVAILABLE: hostile bytes are never parsed without it
 */
export function spawnConfined(
  confinement: Confinement,
  command: readonly string[],
  inherited: readonly number[] = [],
): ChildProcess {
  if (!confinementWorks())
    throw new ThymusError(
      "CONFINEMENT_UNAVAILABLE",
      "bubblewrap (bwrap) is missing or may not make namespaces on this machine",
      "install the package bubblewrap and allow user namespaces, then run: thymus doctor",
    );
  const limits = ["prlimit", `--fsize=${confinement.maxFileBytes}`, "--core=0", "--nofile=4096"];
  return spawn("bwrap", [...confinementArguments(confinement), ...limits, ...command], {
    stdio: ["pipe", "pipe", "pipe", ...inherited],
    env: { PATH: process.env.PATH ?? "/usr/bin:/bin" },
    // A process group of its own: see endConfined.
    detached: true,
  });
}

/**
 * Ends a confined process at once, at whatever moment of its start. Bubblewrap's child first waits for it in its process
 * group, then leaves that group, and asks to die with it only after that: where the group alone is killed in between,
 * the child would run on and hold the pipes open, so that the end was never seen. So it is named before its parent
 * goes; stopped, that parent lets no further child pass the wait. Killing the first process of a namespace ends all in it.
 */
export function endConfined(child: ChildProcess): void {
  const running = child.exitCode === null && child.signalCode === null;
  if (running && child.pid !== undefined) {
    signal(child.pid, "SIGSTOP");
    const inner = childrenOf(child.pid);
    for (const pid of inner) signal(pid, "SIGKILL");
    signal(-child.pid, "SIGKILL");
  }
  child.kill("SIGKILL");
}

/** A stopped parent reaps none of them, so nobody else can have these numbers meanwhile. */
function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1");
    return text.split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended just now.
  }
}
