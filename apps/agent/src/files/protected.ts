import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ThymusError } from "@thymus/contracts";

/** Programs by which the owner logs in, installs software and starts the machine: never touched, whatever a rule says. */
const programs = [
  "dpkg", "dpkg-deb", "dpkg-split", "apt", "apt-get", "apt-cache", "rpm", "dnf", "apk", "pacman",
  "login", "su", "sudo", "sshd", "agetty", "getty", "passwd", "nologin",
  "sh", "bash", "dash", "zsh", "fish", "ksh", "busybox", "perl", "env", "systemd", "systemctl", "init", "udevadm", "mount", "umount", "ld.so",
]; // biome-ignore format: a list
const folders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/local/sbin"];
const files = [
  "/usr/lib/systemd/systemd",
  "/lib/systemd/systemd",
  "/lib64/ld-linux-x86-64.so.2",
  "/lib/ld-linux-aarch64.so.1",
  "/etc/passwd",
  "/etc/shadow",
  "/etc/group",
  "/etc/gshadow",
  "/etc/sudoers",
  "/etc/fstab",
  "/etc/nsswitch.conf",
  "/etc/login.defs",
  "/etc/shells",
  "/etc/ld.so.cache",
  "/etc/ld.so.conf",
];
/** Libraries without which nobody logs in and nothing starts, wherever the distribution puts them. */
const libraries =
  /^(\/usr)?\/lib(32|64)?\/([\w.-]+-linux-[\w]+\/)?(ld-linux|ld-musl|ld-|libc[.-]|libpam|libcrypt|libdl[.-]|libm[.-]|libpthread|libselinux|libaudit|libpcre2|libnss_|libsystemd|libtinfo|libgcc_s|libstdc\+\+)/;
const security = /^(\/usr)?\/lib(32|64)?\/([\w.-]+-linux-[\w]+\/)?security\//;
const trees = [
  "/usr/lib/apt", "/usr/lib/dpkg", "/var/lib/dpkg", "/var/lib/apt", "/etc/apt", "/etc/dpkg",
  "/etc/pam.d", "/etc/ssh", "/etc/sudoers.d", "/etc/security", "/etc/ld.so.conf.d", "/etc/systemd", "/usr/lib/systemd", "/usr/lib/openssh", "/usr/lib/security",
  "/usr/lib/x86_64-linux-gnu/security", "/boot", "/proc", "/sys", "/dev",
]; // biome-ignore format: a list

const real = (path: string): string => {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
};

/** Folder of the program itself: the agent's own source or bundle, and the packages beside it. */
export function ownFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  let folder = here;
  let found = here;
  for (let level = 0; level < 4; level++) {
    folder = dirname(folder);
    if (existsSync(join(folder, "package.json"))) found = folder;
  }
  return found;
}

/** Paths that the agent never changes (law 5): its own, the package manager's, the login path, the path of its updates. */
export class ProtectedPaths {
  readonly #files: Set<string>;
  readonly #trees: string[];
  readonly #openTrees: string[];

  /**
   * @param dataDir the agent's data folder
   * @param open folders inside of a protected tree that may be changed nevertheless (the drill folder)
   * @param own further files of Thymus: its configuration, its runtime and the libraries that it has loaded
   */
  constructor(dataDir: string, open: readonly string[], own: readonly string[] = []) {
    const named = folders.flatMap((folder) => programs.map((program) => `${folder}/${program}`));
    this.#files = new Set(
      [...named, ...files, process.execPath, ...own].flatMap((path) => [path, real(path)]),
    );
    this.#trees = [...trees, dataDir, ownFolder()].flatMap((path) => [path, real(path)]);
    this.#openTrees = [...open];
  }

  covers(path: string): boolean {
    if (this.#files.has(path) || libraries.test(path) || security.test(path)) return true;
    const inside = (tree: string) => path === tree || path.startsWith(`${tree}/`);
    return !this.#openTrees.some(inside) && this.#trees.some(inside);
  }

  /** @throws ThymusError PROTECTED_PATH */
  refuse(path: string): void {
    if (this.covers(path))
      throw new ThymusError(
        "PROTECTED_PATH",
        `${path} belongs to Thymus, the package manager, the login path or the system's start`,
        "repair it by hand, e.g. by installing its package again",
      );
  }

  /** Programs of this machine that a sound rule cannot match: on these a rule is tried before it acts. */
  samples(): string[] {
    return [...this.#files];
  }
}
