import { read } from "./calls.ts";
import { EVENT, FAN } from "./fanotify.ts";
import { recordKey } from "./folder-handles.ts";

/** A file, by the handle of its folder (folder-handles.ts) and its name. */
export interface Place {
  readonly folder: string;
  readonly name: string;
}

export interface Change {
  readonly mask: number;
  readonly pid: number;
  readonly place: Place | null;
  /** Of a rename: where it went. Null where that is not watched. */
  readonly to: Place | null;
}

const NAME = 2;
const OLD_NAME = 10;
const NEW_NAME = 12;

const buffer = Buffer.alloc(64 * 1024);

/** Takes what waits in a group of changes, at most one buffer full. @returns false where nothing waited */
export function takeChanges(group: number, take: (change: Change) => void): boolean {
  const length = Number(read(group, buffer, buffer.length));
  for (let at = 0; at + EVENT <= length; at += buffer.readUInt32LE(at)) {
    const end = at + buffer.readUInt32LE(at);
    const mask = buffer.readUInt32LE(at + 8);
    let place: Place | null = null;
    let to: Place | null = null;
    for (
      let info = at + buffer.readUInt16LE(at + 6);
      info + 4 <= end;
      info += buffer.readUInt16LE(info + 2)
    ) {
      const type = buffer[info];
      if (type !== NAME && type !== OLD_NAME && type !== NEW_NAME) continue;
      const { key, end: start } = recordKey(buffer, info + 4);
      const stop = buffer.indexOf(0, start);
      const found = { folder: key, name: buffer.toString("utf8", start, stop) };
      if (type === NEW_NAME) to = found;
      else place = found;
    }
    if ((mask & FAN.Q_OVERFLOW) === 0) take({ mask, pid: buffer.readInt32LE(at + 20), place, to });
  }
  return length > 0;
}
