/** Event bits that fanotify(7) and inotify(7) have in common: both are views of the kernel's fsnotify. */

export const MODIFY = 0x2;
export const ATTRIB = 0x4;
export const CLOSE_WRITE = 0x8;
export const MOVED_FROM = 0x40;
export const MOVED_TO = 0x80;
export const CREATE = 0x100;
export const DELETE = 0x200;
export const OVERFLOW = 0x4000;
