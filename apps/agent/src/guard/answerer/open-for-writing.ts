import { EAGAIN } from "./calls.ts";
import { bind, errno } from "./library.ts";

const fcntl = bind("int fcntl(int fd, int command, int argument)");
const signal = bind("intptr_t signal(int number, intptr_t handler)");

const F_SETLEASE = 1024;
const F_RDLCK = 0;
const F_UNLCK = 2;
const SIGIO = 29;
const SIG_IGN = 1;

// What opens the file for writing in the microsecond of the lease would send us this; by default it ends a process.
signal(SIGIO, SIG_IGN);

/** Nobody has the file open for writing; somebody has, or has it mapped so; the kernel does not tell. */
export const NOBODY = 0;
export const SOMEBODY = 1;
export const UNTOLD = 2;

/**
 * Whether anybody could change the content without a further open: the kernel gives a lease for reading (fcntl(2)) to no file that is
 * open for writing, a shared mapping that outlived its descriptor included. While a process waits for its own open for
 * writing to be allowed, it counts already. The lease is given back at once.
 * @param fd open for reading alone
 */
export function openForWriting(fd: number): number {
  if (fcntl(fd, F_SETLEASE, F_RDLCK) === 0) {
    fcntl(fd, F_SETLEASE, F_UNLCK);
    return NOBODY;
  }
  return errno() === EAGAIN ? SOMEBODY : UNTOLD;
}
