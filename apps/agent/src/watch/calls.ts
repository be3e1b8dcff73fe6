/** Calls of the C library that every source of events needs: waiting for several descriptors at once, reading, closing. */
import { bindC, errnoError } from "../files/c-library.ts";

const EFD_NONBLOCK = 0o4000;
const EFD_CLOEXEC = 0o2000000;
const POLLIN = 1;
const POLLPRI = 2;
const POLLERR = 8;
/** Bytes of struct pollfd. */
const POLLFD = 8;

const pollFds = bindC("int poll(_Inout_ uint8_t *fds, uint64_t count, int timeout)");
const readFd = bindC("int64 read(int fd, _Out_ uint8_t *buffer, size_t size)");
const writeFd = bindC("int64 write(int fd, const uint8_t *buffer, size_t size)");
const closeFd = bindC("int close(int fd)");
const eventFd = bindC("int eventfd(unsigned int value, int flags)");

/**
 * Waits until one of the descriptors has something to say. @param timeout milliseconds; -1: for ever
 * @param urgent one that can always be read, and of which only news count (/proc/self/mountinfo)
 */
export function waitFor(fds: readonly number[], timeout: number, urgent = -1): ReadonlySet<number> {
  const buffer = Buffer.alloc(POLLFD * fds.length);
  fds.forEach((fd, index) => {
    buffer.writeInt32LE(fd, index * POLLFD);
    buffer.writeInt16LE(fd === urgent ? POLLPRI : POLLIN, index * POLLFD + 4);
  });
  // Less than 0: a signal came, or a descriptor is gone; the caller looks again.
  if (Number(pollFds(buffer, fds.length, timeout)) <= 0) return new Set();
  return new Set(
    fds.filter((_, index) => (buffer.readInt16LE(index * POLLFD + 6) & (POLLIN | POLLPRI | POLLERR)) !== 0),
  );
}

/** Bytes read into `buffer`; 0 where nothing waits. The descriptor does not block. */
export function readSome(fd: number, buffer: Buffer): number {
  const length = Number(readFd(fd, buffer, buffer.length));
  return length < 0 ? 0 : length;
}

/** A bell: who waits for it wakes when it is rung, in whatever thread. */
export function openBell(): number {
  const fd = Number(eventFd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (fd < 0) throw errnoError("make an eventfd");
  return fd;
}

const one = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);

export function ring(bell: number): void {
  writeFd(bell, one, one.length);
}

/** Makes the bell silent again. */
export function hush(bell: number): void {
  readFd(bell, Buffer.alloc(8), 8);
}

export function closeDescriptor(fd: number): void {
  closeFd(fd);
}
