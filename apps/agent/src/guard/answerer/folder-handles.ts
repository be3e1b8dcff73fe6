import { AT_FDCWD, fileSystem } from "./calls.ts";
import { bind } from "./library.ts";

const nameToHandle = bind(
  "int name_to_handle_at(int dir, const uint8_t *path, uint8_t *handle, uint8_t *mount, int flags)",
);

const MAX_HANDLE = 128;
const handle = Buffer.alloc(8 + MAX_HANDLE);
const mount = Buffer.alloc(8);

/** Bytes of the id of a file system in an event, before the handle. */
export const ID_BYTES = 8;

/**
 * How events name a folder: id of the file system and file handle, as text. @param path ends with a zero byte
 * @returns null where it is gone, or its file system has no handles
 */
export function folderKey(path: Uint8Array): string | null {
  handle.writeUInt32LE(MAX_HANDLE, 0);
  if (nameToHandle(AT_FDCWD, path, handle, mount, 0) !== 0) return null;
  const id = fileSystem(path)?.id;
  return id === undefined ? null : id + handle.toString("latin1", 0, 8 + handle.readUInt32LE(0));
}

/** The same of the record of an event. @param at where the id begins @returns where the handle ends, too */
export function recordKey(record: Buffer, at: number): { key: string; end: number } {
  const start = at + ID_BYTES;
  const end = start + 8 + record.readUInt32LE(start);
  return { key: record.toString("hex", at, start) + record.toString("latin1", start, end), end };
}
