/** What of this machine the agent can use, found by trying. Each says what is lost without it, and how to get it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { bindC, errnoError } from "../files/c-library.ts";
import { onBattery } from "./power.ts";
import { readPressure } from "./pressure.ts";

export interface Ability {
  readonly name: string;
  readonly works: boolean;
  readonly found: string;
  /** What to do, and what it would give. */
  readonly fix: string;
}

const FAN_CLOEXEC = 1;
const FAN_CLASS_CONTENT = 4;
const FAN_REPORT_DFID_NAME = 0xc00;
const AF_NETLINK = 16;
const SOCK_DGRAM = 2;
const NETLINK_CONNECTOR = 11;
/** Inodes that inotify needs at least for a machine of ordinary size. */
const WATCHES = 65_536;

const fanotifyInit = bindC("int fanotify_init(unsigned int flags, unsigned int event_flags)");
const socket = bindC("int socket(int domain, int type, int protocol)");
const bindSocket = bindC("int bind(int fd, const uint8_t *address, uint32_t length)");
const close = bindC("int close(int fd)");

/** @returns null where the call works, else why not */
function trying(call: () => number, what: string): string | null {
  try {
    const fd = call();
    if (fd < 0) return errnoError(what).message;
    close(fd);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

function connector(): number {
  const fd = Number(socket(AF_NETLINK, SOCK_DGRAM, NETLINK_CONNECTOR));
  if (fd < 0) return fd;
  const address = Buffer.alloc(12);
  address.writeUInt16LE(AF_NETLINK, 0);
  // Group 1: starts and ends of processes.
  address.writeUInt32LE(1, 8);
  if (Number(bindSocket(fd, address, address.length)) === 0) return fd;
  close(fd);
  return -1;
}

const text = (path: string): string | null => {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return null;
  }
};

const asRoot = "run the agent as root, on a kernel that has it";

export async function agentAbilities(): Promise<Ability[]> {
  const found: Ability[] = [];
  const add = (name: string, trouble: string | null, works: string, fix: string) =>
    found.push({ name, works: trouble === null, found: trouble ?? works, fix });
  add(
    "watching",
    trying(() => Number(fanotifyInit(FAN_CLOEXEC | FAN_REPORT_DFID_NAME, 0)), "fanotify"),
    "fanotify: whole file systems, and who writes",
    `${asRoot} (5.9 or later); without it inotify watches folder by folder`,
  );
  add(
    "on access",
    trying(() => Number(fanotifyInit(FAN_CLOEXEC | FAN_CLASS_CONTENT, 0)), "fanotify"),
    "fanotify: may answer before a file is opened",
    `${asRoot} (CONFIG_FANOTIFY_ACCESS_PERMISSIONS); without it nothing is refused beforehand`,
  );
  add(
    "processes",
    trying(connector, "proc connector"),
    "the kernel tells of starts and ends",
    `${asRoot} (CONFIG_PROC_EVENTS), outside of a network namespace; without it behaviour goes unseen`,
  );
  const watches = Number(text("/proc/sys/fs/inotify/max_user_watches") ?? 0);
  add(
    "inotify",
    watches >= WATCHES ? null : `${watches} watches a user`,
    `${watches} watches a user, ${text("/proc/sys/fs/inotify/max_user_instances") ?? "?"} instances`,
    `sysctl fs.inotify.max_user_watches=524288: one folder needs one, where fanotify is not to be had`,
  );
  const pressure = text("/proc/pressure/cpu") === null ? "no /proc/pressure" : null;
  const now = await readPressure();
  add(
    "pressure",
    pressure,
    `tasks wait ${now?.percent.toFixed(0)} % of the time for ${now?.resource}`,
    "boot with psi=1; without it heavy work goes by the load alone",
  );
  const lsm = text("/sys/kernel/security/lsm") ?? "";
  add(
    "landlock",
    lsm.includes("landlock") ? null : "not among the security modules of this kernel",
    "confines what reads hostile bytes",
    "boot with lsm=landlock,...; without it scan workers are confined by their system call filter alone",
  );
  add(
    "service manager",
    existsSync("/run/systemd/system") ? null : `run by ${text("/proc/1/comm") ?? process.platform}`,
    existsSync("/etc/systemd/system/thymus.service") ? "systemd, thymus.service is installed" : "systemd",
    "docs/guide/service.md has recipes for others",
  );
  const managers = [
    ["dpkg", "/var/lib/dpkg/status"],
    ["rpm", "/var/lib/rpm"],
    ["rpm", "/usr/lib/sysimage/rpm"],
  ].filter(([, path]) => existsSync(path!));
  add(
    "package manager",
    managers.length > 0 ? null : "none known",
    [...new Set(managers.map(([name]) => name))].join(", "),
    "upgrades by others are judged like changes by hand",
  );
  add(
    "power",
    (await onBattery()) ? "on battery: full scans wait" : null,
    supplies() === 0 ? "no battery" : "mains",
    "agent.scan.onBattery = true lets them go on",
  );
  return found;
}

function supplies(): number {
  try {
    return readdirSync("/sys/class/power_supply").length;
  } catch {
    return 0;
  }
}
