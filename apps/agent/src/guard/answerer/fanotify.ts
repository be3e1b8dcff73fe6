/** fanotify(7): constants and calls that this process uses. */
import { AT_FDCWD, writeAt } from "./calls.ts";
import { addressOf, bind, errnoName } from "./library.ts";

const init = bind("int fanotify_init(unsigned int flags, unsigned int event_flags)");
const markCall = bind(
  "int fanotify_mark(int group, unsigned int flags, uint64_t mask, int dir, const uint8_t *path)",
);

export const FAN = {
  CLOEXEC: 0x1,
  NONBLOCK: 0x2,
  CLASS_CONTENT: 0x4,
  UNLIMITED_QUEUE: 0x10,
  UNLIMITED_MARKS: 0x20,
  REPORT_FID: 0x200,
  REPORT_DIR_FID: 0x400,
  REPORT_NAME: 0x800,

  MODIFY: 0x2,
  CLOSE_WRITE: 0x8,
  CREATE: 0x100,
  DELETE: 0x200,
  Q_OVERFLOW: 0x4000,
  OPEN_PERM: 0x10000,
  OPEN_EXEC_PERM: 0x40000,
  EVENT_ON_CHILD: 0x8000000,
  RENAME: 0x10000000,
  ONDIR: 0x40000000,

  MARK_ADD: 0x1,
  MARK_REMOVE: 0x2,
  MARK_ONLYDIR: 0x8,
  MARK_FLUSH: 0x80,
  MARK_FILESYSTEM: 0x100,
  MARK_EVICTABLE: 0x200,
  MARK_IGNORE: 0x400,

  ALLOW: 1,
  DENY: 2,
} as const;

/** Bytes of struct fanotify_event_metadata. */
export const EVENT = 24;

const O_RDONLY_LARGE = 0o100000;
/** A FIFO or device must never be waited for while an event is read. */
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const O_NOATIME = 0o1000000;

/**
 * A group of permission events. The descriptor is of this process alone: no child inherits it, and it ends with the process.
 * @throws Error with what the kernel says
 */
export function openPermissions(): number {
  const flags = FAN.CLASS_CONTENT | FAN.CLOEXEC | FAN.NONBLOCK | FAN.UNLIMITED_QUEUE | FAN.UNLIMITED_MARKS;
  return opened(init(flags, O_RDONLY_LARGE | O_NONBLOCK | O_CLOEXEC | O_NOATIME));
}

/** A group that is told of changes by folder and name. */
export function openChanges(): number {
  const flags =
    FAN.CLOEXEC |
    FAN.NONBLOCK |
    FAN.UNLIMITED_QUEUE |
    FAN.UNLIMITED_MARKS |
    FAN.REPORT_DIR_FID |
    FAN.REPORT_NAME;
  return opened(init(flags, O_RDONLY_LARGE | O_CLOEXEC));
}

function opened(fd: number): number {
  if (fd < 0) throw new Error(`fanotify_init: ${errnoName()}`);
  return fd;
}

/** Marks a path (ends with a zero byte). @returns null, or why not */
export function mark(group: number, flags: number, mask: number, path: Uint8Array): string | null {
  return markCall(group, flags, mask, AT_FDCWD, path) === 0 ? null : `fanotify_mark: ${errnoName()}`;
}

/** Marks what is open at `fd`. @returns false where the kernel cannot */
export function markOpen(group: number, flags: number, mask: number, fd: number): boolean {
  return markCall(group, flags, mask, fd, null) === 0;
}

/** Takes all marks of one kind away: inodes by default, FAN.MARK_FILESYSTEM. */
export function flush(group: number, kind = 0): void {
  markCall(group, FAN.MARK_FLUSH | kind, 0, AT_FDCWD, null);
}

const response = Buffer.alloc(8);
const responseAt = addressOf(response);
const words = new Int32Array(response.buffer, response.byteOffset, 2);

/** Answers one permission event. The descriptor of the event stays open. */
export function answer(group: number, fd: number, decision: number): void {
  words[0] = fd;
  words[1] = decision;
  writeAt(group, responseAt, 8);
}
