/**
 * Names of files as strings of one character a byte ("byte strings"). A name on Linux is any bytes, of which not all are UTF-8;
 * kept so, each has its own string, strings sort as their bytes do, and almost all of them are what they look like.
 */
import { isUtf8 } from "node:buffer";

const ASCII = /^[\0-\x7f]*$/;

/** A path as Node's file functions take it. */
export function pathOf(bytes: string): string | Buffer {
  return ASCII.test(bytes) ? bytes : Buffer.from(bytes, "latin1");
}

export function byteString(path: string): string {
  return ASCII.test(path) ? path : Buffer.from(path, "utf8").toString("latin1");
}

/** The path as text; null where it is no UTF-8. */
export function textOf(bytes: string): string | null {
  if (ASCII.test(bytes)) return bytes;
  const buffer = Buffer.from(bytes, "latin1");
  return isUtf8(buffer) ? buffer.toString("utf8") : null;
}

/** The path for a person: what is no UTF-8 is replaced. */
export function shown(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/** Folder and last part of a path. The folder of `/x` is `/`. */
export function splitPath(path: string): { folder: string; name: string } {
  const cut = path.lastIndexOf("/");
  return { folder: cut <= 0 ? "/" : path.slice(0, cut), name: path.slice(cut + 1) };
}

export function joinPath(folder: string, name: string): string {
  return folder === "/" ? `/${name}` : `${folder}/${name}`;
}
