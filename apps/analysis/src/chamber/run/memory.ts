/**
 * The saved memory as one sealed object that all machines of this process start from. QEMU opens its memory file for
 * writing even where it maps it privately, and no machine that has met a sample may write to what later runs start from:
 * the kernel refuses every write to a sealed memfd (fcntl(2), F_SEAL_WRITE), while private mappings copy on write. So
 * nothing is copied for a run but the pages that it changes.
 */
import { closeSync, ftruncateSync, write } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { ThymusError } from "@thymus/contracts";
import type Koffi from "koffi";

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1033;
/** F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE: for good, for everybody, root included. */
const SEALS = 1 | 2 | 4 | 8;
const BLOCK = 1024 * 1024;
const writeAt = promisify(write);

/** File descriptors of this process that hold a sealed memory. */
export interface SealedMemory {
  readonly fd: number;
  close(): void;
}

let library: ReturnType<typeof Koffi.load> | null = null;
function libc(prototype: string): (...args: unknown[]) => number {
  // Loaded here: a machine that has none of this can still load the rest of the program.
  const koffi = createRequire(import.meta.url)("koffi") as typeof Koffi;
  for (const name of ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"]) {
    if (library) break;
    try {
      library = koffi.load(name);
    } catch {
      // The other C library.
    }
  }
  if (!library) throw new ThymusError("RUNTIME_MISSING", "no C library was found", "run it on Linux");
  return library.func(prototype) as (...args: unknown[]) => number;
}

/** @throws ThymusError CHAMBER_FAILED, INTERRUPTED */
export async function sealMemory(file: string, signal: AbortSignal | undefined): Promise<SealedMemory> {
  const fd = libc("int memfd_create(const char *name, unsigned int flags)")(
    "thymus-chamber",
    MFD_CLOEXEC | MFD_ALLOW_SEALING,
  );
  if (fd < 0) throw failed("this kernel gives no memory file");
  try {
    const source = await open(file, "r");
    try {
      await copy(source, fd, signal);
    } finally {
      await source.close();
    }
    if (libc("int fcntl(int fd, int command, int seals)")(fd, F_ADD_SEALS, SEALS) !== 0)
      throw failed("the memory file cannot be sealed");
    return { fd, close: () => closeSync(fd) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Holes stay holes: most of the memory was never used. */
async function copy(source: FileHandle, fd: number, signal: AbortSignal | undefined): Promise<void> {
  const { size } = await source.stat();
  ftruncateSync(fd, size);
  const buffer = Buffer.alloc(BLOCK);
  const nothing = Buffer.alloc(BLOCK);
  for (let at = 0; at < size; at += BLOCK) {
    if (signal?.aborted)
      throw new ThymusError("INTERRUPTED", "the chamber's start was interrupted", "start it again");
    const { bytesRead } = await source.read(buffer, 0, BLOCK, at);
    const block = buffer.subarray(0, bytesRead);
    if (!block.equals(nothing.subarray(0, bytesRead))) await writePages(fd, block, at);
  }
}

const PAGE = 4096;
const EMPTY_PAGE = Buffer.alloc(PAGE);

/** Runs of pages that hold something. */
async function writePages(fd: number, block: Buffer, at: number): Promise<void> {
  let start = -1;
  for (let page = 0; page <= block.length; page += PAGE) {
    const holds = page < block.length && !block.subarray(page, page + PAGE).equals(EMPTY_PAGE);
    if (holds && start < 0) start = page;
    if (holds || start < 0) continue;
    await writeAt(fd, block, start, page - start, at + start);
    start = -1;
  }
}

const failed = (what: string) => new ThymusError("CHAMBER_FAILED", what, "run: thymus doctor");
