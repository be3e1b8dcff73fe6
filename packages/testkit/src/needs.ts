/**
 * Says what a test needs of the machine. Where it is missing the test is skipped with that reason, but never in CI:
 * there it runs and fails.
 */
import { execFileSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const probes = {
  root: () => process.getuid?.() === 0,
  xattr: () => storesAttributes(tmpdir()),
  fanotify: () => existsSync("/proc/sys/fs/fanotify"),
  bwrap: () => works("bwrap", ["--ro-bind", "/", "/", "true"]),
  qemu: () => works("qemu-system-x86_64", ["--version"]),
  apt: () => works("apt-get", ["--version"]),
  gpg: () => works("gpg", ["--version"]),
  strace: () => works("strace", ["--version"]),
  chromium: () => works("chromium", ["--version"]),
  yara: () => works("yara", ["--version"]),
  clamscan: () => works("clamscan", ["--version"]),
  systemd: () => works("systemd-analyze", ["--version"]),
} as const;

export type Need = keyof typeof probes;

/** Whether files below a folder can have extended attributes of their owner. */
function storesAttributes(folder: string): boolean {
  const file = join(folder, `thymus-needs-${process.pid}`);
  writeFileSync(file, "");
  try {
    return works("python3", ["-c", "import os, sys; os.setxattr(sys.argv[1], 'user.thymus', b'1')", file]);
  } finally {
    rmSync(file, { force: true });
  }
}

function works(command: string, args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: "ignore", timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}

/** Value for node:test's `skip` option: false, or why the test cannot run here. */
export function needs(...needed: Need[]): false | string {
  const missing = needed.filter((need) => !probes[need]());
  return missing.length === 0 || process.env.CI ? false : `needs ${missing.join(", ")} on this machine`;
}
