/** What the answering process asks of the kernel beside fanotify: waiting, reading, the facts of files. */
import { addressOf, bind } from "./library.ts";

export const poll = bind("int poll(void *fds, unsigned long count, int timeout)");
export const read = bind("int64 read(int fd, uint8_t *buffer, size_t size)");
/** The same two by addresses (library.ts), for what is called for each event. */
export const readAt = bind("int64 read(int fd, uintptr_t buffer, size_t size)");
export const writeAt = bind("int64 write(int fd, uintptr_t buffer, size_t size)");
export const closeFd = bind("int close(int fd)");
export const openPath = bind("int open(const uint8_t *path, int flags, int mode)");
export const receive = bind("int64 recv(int fd, uint8_t *buffer, size_t size, int flags)");
export const send = bind("int64 send(int fd, const uint8_t *buffer, size_t size, int flags)");
export const readlink = bind("int64 readlink(const uint8_t *path, uint8_t *buffer, size_t size)");
const statx = bind("int statx(int dir, const uint8_t *path, int flags, unsigned int mask, uint8_t *facts)");
const statxAt = bind("int statx(int dir, uintptr_t path, int flags, unsigned int mask, uintptr_t facts)");
const statfsCall = bind("int statfs(const uint8_t *path, uint8_t *facts)");

export const AT_FDCWD = -100;
export const AT_EMPTY_PATH = 0x1000;
export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;
export const POLLIN = 1;
/** POLLERR, POLLHUP, POLLNVAL */
export const POLL_BROKEN = 0x8 | 0x10 | 0x20;
export const EAGAIN = 11;
export const EINTR = 4;

/** type, mode, uid, mtime, ctime, ino, size */
const STATX_WANTED = 0x1 | 0x2 | 0x8 | 0x40 | 0x80 | 0x100 | 0x200;
const nothing = Buffer.alloc(8);
const nothingAt = addressOf(nothing);

/**
 * Facts of one file in a buffer that is used again and again; words are those of struct statx (statx(2)). Both byte
 * orders of 64-bit values do for an identity, so the fields are copied word by word.
 */
export class Facts {
  readonly #bytes = Buffer.alloc(256);
  readonly #at = addressOf(this.#bytes);
  readonly words = new Uint32Array(this.#bytes.buffer, this.#bytes.byteOffset, 64);

  /** Facts of an open file. @returns false where it cannot be asked */
  ofFd(fd: number): boolean {
    return statxAt(fd, nothingAt, AT_EMPTY_PATH, STATX_WANTED, this.#at) === 0;
  }

  /** Facts of what a path leads to, links followed. @param path ends with a zero byte */
  ofPath(path: Uint8Array): boolean {
    return statx(AT_FDCWD, path, 0, STATX_WANTED, this.#bytes) === 0;
  }

  /** 0o100000 for a regular file */
  get kind(): number {
    return this.words[7]! & 0xffff & 0o170000;
  }

  get empty(): boolean {
    return this.words[10] === 0 && this.words[11] === 0;
  }

  get mode(): number {
    return this.words[7]! & 0o7777;
  }

  get uid(): number {
    return this.words[5]!;
  }

  /** True where nobody but root can write to the file. */
  get ofRootAlone(): boolean {
    return this.uid === 0 && (this.mode & 0o022) === 0;
  }

  /** Milliseconds since 1970 of the last change. */
  get changedMs(): number {
    return this.words[24]! * 1000 + this.words[26]! / 1e6;
  }
}

export const REGULAR = 0o100000;

/** Kind of the file system (statfs(2), f_type) and its id as the kernel names it in events, hex. */
export function fileSystem(path: Uint8Array): { type: number; id: string } | null {
  const facts = Buffer.alloc(256);
  if (statfsCall(path, facts) !== 0) return null;
  return { type: facts.readUInt32LE(0), id: facts.toString("hex", 56, 64) };
}

const O_RDONLY_CLOEXEC = 0o2000000;

/** Reads a small file, of procfs say, into a buffer. @returns its length; 0 where it is gone */
export function readSmall(path: Uint8Array, into: Buffer): number {
  const fd = openPath(path, O_RDONLY_CLOEXEC, 0);
  if (fd < 0) return 0;
  const length = Number(read(fd, into, into.length));
  closeFd(fd);
  return Math.max(0, length);
}
