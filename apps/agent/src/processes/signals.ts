import { bindC } from "../files/c-library.ts";
import { readStat } from "./proc-files.ts";

/** Same numbers on x86-64 and AArch64. */
const PIDFD_SEND_SIGNAL = 424;
const PIDFD_OPEN = 434;
export const SIGKILL = 9;
export const SIGCONT = 18;
export const SIGSTOP = 19;

const syscall = bindC("int64 syscall(int64 number, int64 a, int64 b, int64 c, int64 d)");
const close = bindC("int close(int fd)");

/** A process by the two numbers that name it for good. */
export interface ProcessName {
  readonly pid: number;
  readonly start: number;
}

/**
 * Sends a signal to exactly this process: a descriptor of it is opened first, and only then is it asked whether it is the one
 * that is meant, so that no other that got its number in between is hit.
 * @returns false where it is gone, or this process may not
 */
export function signalProcess({ pid, start }: ProcessName, signal: number): boolean {
  const fd = Number(syscall(PIDFD_OPEN, pid, 0, 0, 0));
  if (fd < 0) return false;
  try {
    if (readStat(pid)?.start !== start) return false;
    return Number(syscall(PIDFD_SEND_SIGNAL, fd, signal, 0, 0)) === 0;
  } finally {
    close(fd);
  }
}
