import { starterFolders, starters } from "../../processes/starters.ts";
import { processFacts, programOf, trustedProgram } from "./process-facts.ts";

const folders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/local/sbin"];

/** Programs that are never kept waiting: whoever holds these up locks the owner out or breaks an upgrade. */
const programs = [
  "init", "systemd", "systemctl", "udevadm", "runit", "openrc-init", "s6-svscan",
  "sshd", "dropbear", "login", "agetty", "getty", "mgetty", "sudo", "su", "doas", "runuser", "pkexec", "sulogin",
  "dpkg", "dpkg-deb", "dpkg-split", "dpkg-query", "dpkg-trigger", "dpkg-divert", "dpkg-statoverride", "dpkg-realpath",
  "apt", "apt-get", "apt-cache", "apt-config", "apt-mark", "aptitude", "rpm", "rpm2cpio", "dnf5", "dnf5daemon-server", "microdnf", "zypper", "apk", "pacman",
]; // biome-ignore format: a list

const files = [
  "/usr/lib/systemd/systemd", "/usr/lib/systemd/systemd-executor", "/usr/lib/systemd/systemd-logind",
  "/usr/lib/systemd/systemd-journald", "/usr/lib/systemd/systemd-udevd", "/usr/lib/systemd/systemd-shutdown",
  "/usr/lib/openssh/sshd-session", "/usr/lib/openssh/sshd-auth", "/usr/libexec/openssh/sshd-session", "/usr/libexec/openssh/sshd-auth",
  "/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server",
  ...["apt-helper", "methods/http", "methods/file", "methods/copy", "methods/gpgv", "methods/store", "methods/sqv"].map((name) => `/usr/lib/apt/${name}`),
]; // biome-ignore format: a list

const shells = ["sh", "bash", "dash", "zsh", "fish", "ksh", "mksh", "tcsh", "busybox"];

/** How many ancestors are looked at: a chain that is longer was made to be long. */
const DEPTH = 64;

/**
 * Who is never held, by the identity of the program file (device and inode, resolved beforehand from files that only root
 * can write), and the agent with all that it started. The answer is never kept: a process may become another program
 * between two questions, under the same pid.
 */
export class Exempt {
  #never = new Set<string>();
  #launchers = new Set<string>();
  #shells = new Set<string>();
  /** The agent, whose opens are answered before anything else is looked at. */
  readonly agent: number;
  readonly #family: boolean;

  /** @param family whether also what the agent started is never held */
  constructor(agent: number, family: boolean) {
    this.agent = agent;
    this.#family = family;
    this.refresh();
  }

  /** Resolves the programs anew, as an upgrade replaces them. Opens no file. */
  refresh(): void {
    const resolve = (names: readonly string[], places: readonly string[] = folders) => {
      const paths = names.flatMap((name) =>
        name.startsWith("/") ? [name] : places.map((folder) => `${folder}/${name}`),
      );
      return new Set(paths.map(trustedProgram).filter((key) => key !== null));
    };
    this.#never = resolve([...programs, ...files]);
    this.#launchers = resolve(starters, [...folders, ...starterFolders]);
    this.#shells = resolve(shells);
    // A launcher or package manager that is a link to a shell or to busybox would exempt far more than itself.
    for (const key of this.#shells) {
      this.#never.delete(key);
      this.#launchers.delete(key);
    }
  }

  /** True for a process that must not be kept waiting. */
  has(pid: number): boolean {
    if (pid === 1 || pid === this.agent) return true;
    const key = programOf(pid);
    if (key !== null && this.#never.has(key)) return true;
    return this.#family && this.#ofAgent(pid);
  }

  #ofAgent(pid: number): boolean {
    let at = pid;
    for (let depth = 0; depth < DEPTH && at > 1; depth++) {
      if (at === this.agent) return true;
      at = processFacts(at)?.parent ?? 0;
    }
    return false;
  }

  /** True for a program that starts others in somebody's name: a tree of processes begins below it. */
  starts(pid: number): boolean {
    if (pid <= 1 || pid === this.agent) return true;
    const key = programOf(pid);
    return key !== null && (this.#never.has(key) || this.#launchers.has(key));
  }

  isShell(pid: number): boolean {
    const key = programOf(pid);
    return key !== null && this.#shells.has(key);
  }
}
