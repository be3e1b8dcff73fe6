import { INFO_DFID, INFO_DFID_NAME, INFO_NEW_DFID_NAME, INFO_OLD_DFID_NAME } from "./abi.ts";

/** Bytes of struct fanotify_event_metadata, and its only known version. */
const HEAD = 24;
const VERSION = 3;
/** Bytes of a record's head, and of the id of the file system behind it. */
const INFO = 4;
const FSID = 8;
/** Bytes of length and type before the bytes of a handle. */
const HANDLE = 8;

/** A name in a folder; the folder as the kernel names it. */
export interface Entry {
  /** hex */
  readonly fsid: string;
  /** hex: length, type and bytes of the folder's file handle */
  readonly handle: string;
  readonly name: string;
}

export interface FanotifyEvent {
  readonly mask: number;
  readonly pid: number;
  /** Where it happened; for a rename where the file came to. */
  readonly entry: Entry | null;
  /** Where a renamed file was before. */
  readonly from: Entry | null;
}

/**
 * The events of a buffer (fanotify(7), "Reading fanotify events"). Records of types that are not known are passed over;
 * what does not fit its own length ends the reading.
 * @throws Error where the kernel speaks another version
 */
export function* fanotifyEvents(bytes: Buffer): Generator<FanotifyEvent> {
  for (let at = 0; at + HEAD <= bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    const version = bytes[at + 4];
    if (version !== VERSION) throw new Error(`the kernel writes fanotify events of version ${version}`);
    const end = at + length;
    if (length < HEAD || end > bytes.length) return;
    let entry: Entry | null = null;
    let from: Entry | null = null;
    for (let info = at + bytes.readUInt16LE(at + 6); info + INFO <= end; ) {
      const type = bytes[info];
      const size = bytes.readUInt16LE(info + 2);
      if (size < INFO || info + size > end) break;
      if (type === INFO_OLD_DFID_NAME) from = entryOf(bytes, info, size) ?? from;
      else if (type === INFO_DFID_NAME || type === INFO_DFID || type === INFO_NEW_DFID_NAME)
        entry = entryOf(bytes, info, size) ?? entry;
      info += size;
    }
    // The upper half of the mask is not in use.
    yield { mask: bytes.readUInt32LE(at + 8), pid: bytes.readInt32LE(at + 20), entry, from };
    at = end;
  }
}

function entryOf(bytes: Buffer, at: number, size: number): Entry | null {
  const handle = at + INFO + FSID;
  if (size < INFO + FSID + HANDLE) return null;
  const name = handle + HANDLE + bytes.readUInt32LE(handle);
  if (name > at + size) return null;
  const zero = bytes.indexOf(0, name);
  return {
    fsid: bytes.toString("hex", at + INFO, handle),
    handle: bytes.toString("hex", handle, name),
    name: bytes.toString("utf8", name, zero < 0 || zero > at + size ? at + size : zero),
  };
}
