// @ts-check
/** Shared libraries of the pinned Node that a minimal Debian does not have. Without them nothing runs. */
export const runtimePackages = ["libatomic1", "libstdc++6"];

/**
 * What the whole loop needs from the distribution: the package and the command by which we see that it is there.
 * `for` is told to a person whose machine lacks it.
 */
export const systemPackages = [
  { package: "qemu-system-x86", command: "qemu-system-x86_64", for: "the chamber" },
  { package: "bubblewrap", command: "bwrap", for: "the confinement of whatever reads a sample" },
  { package: "mmdebstrap", command: "mmdebstrap", for: "building the chamber's root file system" },
  { package: "uidmap", command: "newuidmap", for: "building the chamber as an ordinary user" },
  { package: "squashfs-tools", command: "mksquashfs", for: "building the chamber's root file system" },
];

/** What only tests use. Without it they are skipped with that reason, but never in CI: there it is installed. */
export const testPackages = [
  { package: "chromium", command: "chromium", for: "the tests of the console and of the report" },
  { package: "strace", command: "strace", for: "the comparison of the chamber's trace" },
  { package: "openssh-client", command: "ssh-keygen", for: "the check of honey keys" },
  { package: "python3", command: "python3", for: "the check of honey packages and drill programs" },
  { package: "yara", command: "yara", for: "the check of rules in YARA 4" },
  { package: "clamav", command: "clamscan", for: "the check of exported ClamAV signatures" },
  { package: "systemd", command: "systemd-analyze", for: "the check of the service's unit" },
  { package: "gnupg", command: "gpg", for: "the signed repository of the packages' tests" },
  { package: "php-cli", command: "php", for: "the check of drill programs" },
];
