/** Events as inotify(7) writes them. */
import { ATTRIB, CLOSE_WRITE, CREATE, DELETE, MODIFY, MOVED_FROM, MOVED_TO } from "../fsnotify.ts";

export { CLOSE_WRITE, CREATE, DELETE, MOVED_FROM, MOVED_TO, OVERFLOW } from "../fsnotify.ts";

export const IGNORED = 0x8000;
export const ISDIR = 0x40000000;
const ONLYDIR = 0x1000000;
const DONT_FOLLOW = 0x2000000;
const EXCL_UNLINK = 0x4000000;
export const MASK =
  MODIFY |
  ATTRIB |
  CLOSE_WRITE |
  MOVED_FROM |
  MOVED_TO |
  CREATE |
  DELETE |
  ONLYDIR |
  DONT_FOLLOW |
  EXCL_UNLINK;

/** Bytes of struct inotify_event before the name. */
const HEAD = 16;

export interface InotifyEvent {
  readonly wd: number;
  readonly mask: number;
  readonly name: string;
}

/** The events of a buffer; what is cut off at its end is left out, which the kernel never does. */
export function* inotifyEvents(bytes: Buffer): Generator<InotifyEvent> {
  for (let at = 0; at + HEAD <= bytes.length; ) {
    const size = bytes.readUInt32LE(at + 12);
    const end = at + HEAD + size;
    if (end > bytes.length) return;
    const zero = bytes.indexOf(0, at + HEAD);
    const name = bytes.toString("utf8", at + HEAD, zero < 0 || zero > end ? end : zero);
    yield { wd: bytes.readInt32LE(at), mask: bytes.readUInt32LE(at + 4), name: size === 0 ? "" : name };
    at = end;
  }
}
