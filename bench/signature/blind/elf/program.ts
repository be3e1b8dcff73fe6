import { concat, u16, u32, u64 } from "../bytes.ts";
import { machineBody } from "../payload/machine.ts";
import { headerSize, phdrSize } from "./image.ts";

/** A whole ELF program of `size` bytes whose code is a machine body: what a prepending infector puts before its host. */
export function inertProgram(seed: string, size: number): Uint8Array {
  const base = 0x400000;
  const start = headerSize + phdrSize;
  const header = concat(
    Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    u16(2),
    u16(62),
    u32(1),
    u64(base + start),
    u64(headerSize),
    u64(0),
    u32(0),
    ...[headerSize, phdrSize, 1, 64, 0, 0].map(u16),
  );
  const load = concat(u32(1), u32(5), ...[0, base, base, size, size, 0x1000].map(u64));
  return concat(header, load, machineBody(seed, size - start));
}
