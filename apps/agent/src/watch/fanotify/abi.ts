/** Numbers of fanotify(7), as in the kernel's include/uapi/linux/fanotify.h. */
import { ATTRIB, CLOSE_WRITE, CREATE, DELETE, MODIFY, MOVED_FROM, MOVED_TO } from "../fsnotify.ts";

export { CLOSE_WRITE, CREATE, DELETE, MOVED_FROM, MOVED_TO, OVERFLOW } from "../fsnotify.ts";

export const RENAME = 0x10000000;
export const ONDIR = 0x40000000;
export const ON_CHILD = 0x08000000;

/** fanotify_init: notifications only, folder and name of each event, nothing lost for want of room. */
const CLOEXEC = 0x1;
const NONBLOCK = 0x2;
const UNLIMITED_QUEUE = 0x10;
const UNLIMITED_MARKS = 0x20;
const REPORT_DFID_NAME = 0xc00;
export const INIT = CLOEXEC | NONBLOCK | UNLIMITED_QUEUE | UNLIMITED_MARKS | REPORT_DFID_NAME;

/** fanotify_mark. */
export const MARK_ADD = 0x1;
export const MARK_REMOVE = 0x2;
export const MARK_DONT_FOLLOW = 0x4;
export const MARK_ONLYDIR = 0x8;
export const MARK_FLUSH = 0x80;
export const MARK_FILESYSTEM = 0x100;
/** The kernel may forget the mark with the inode: nothing is pinned in memory. */
export const MARK_EVICTABLE = 0x200;
/** Events that are not wanted, and stay unwanted when the object is written to. */
export const MARK_IGNORE_SURV = 0x440;

/** What changes a file, its name or its rights. */
const CHANGES = MODIFY | ATTRIB | CLOSE_WRITE | CREATE | DELETE | ONDIR;
/** Both names of a rename in one event (Linux 5.17), or two events. */
export const MASK_RENAME = CHANGES | RENAME;
export const MASK_MOVED = CHANGES | MOVED_FROM | MOVED_TO;

/** Types of the records behind an event. */
export const INFO_DFID_NAME = 2;
export const INFO_DFID = 3;
export const INFO_OLD_DFID_NAME = 10;
export const INFO_NEW_DFID_NAME = 12;
