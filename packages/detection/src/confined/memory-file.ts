import { closeSync, writeSync } from "node:fs";
import { type Libc, loadLibc } from "./libc.ts";

const MFD_CLOEXEC = 1;
let create: ReturnType<Libc["bind"]> | null = null;

/**
 * A file in memory with these bytes, to be handed to a confined process; the caller closes it. Linux.
 * @throws Error where there is no room for it
 */
export function memoryFile(bytes: Uint8Array): number {
  create ??= loadLibc()!.bind("int memfd_create(const char *name, unsigned int flags)");
  const fd = Number(create("thymus-content", MFD_CLOEXEC));
  if (fd < 0) throw new Error(`memfd_create: error ${loadLibc()!.errno()}`);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, at);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
