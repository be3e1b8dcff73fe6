import { readlink } from "./calls.ts";
import { pathBytes } from "./library.ts";

const buffer = Buffer.alloc(4096);

/** Path of an open file as this process sees it; empty where it has none. */
export function pathOf(fd: number): string {
  const length = Number(readlink(pathBytes(`/proc/self/fd/${fd}`), buffer, buffer.length));
  return length > 0 ? buffer.toString("utf8", 0, length) : "";
}
