import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { type FilterSpace, filterFile, HEADER_BYTES, MAX_BITS, PIECE_BYTES } from "./memory.ts";

const MAGIC = "THYABS01";
const CHUNK = 1 << 20;

/** Writes the header into the memory: magic, bits and bytes of a piece as 32-bit numbers, little-endian, zeros. */
export function putHeader(space: FilterSpace): void {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, "latin1");
  header.writeUInt32LE(space.bits, 8);
  header.writeUInt32LE(PIECE_BYTES, 12);
  filterFile(space).set(header);
}

/** Bits of the filter that these first bytes of a file belong to, or null. */
export function headerBits(head: Uint8Array): number | null {
  const header = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (header.length < HEADER_BYTES || header.toString("latin1", 0, 8) !== MAGIC) return null;
  const bits = header.readUInt32LE(8);
  return bits <= MAX_BITS && header.readUInt32LE(12) === PIECE_BYTES ? bits : null;
}

/**
 * Reads a filter of known size into its memory.
 * @returns SHA-256 of the file; null where it is missing or no such filter: the memory then holds anything
 */
export function loadFilter(path: string, space: FilterSpace): string | null {
  const into = filterFile(space);
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch {
    return null;
  }
  try {
    if (fstatSync(fd).size !== into.length) return null;
    const sum = createHash("sha256");
    for (let at = 0; at < into.length; ) {
      const length = readSync(fd, into, at, Math.min(CHUNK, into.length - at), null);
      if (length === 0) return null;
      sum.update(into.subarray(at, at + length));
      at += length;
    }
    return headerBits(into.slice(0, HEADER_BYTES)) === space.bits ? sum.digest("hex") : null;
  } finally {
    closeSync(fd);
  }
}

/** SHA-256 of a filter's file. */
export function filterDigest(space: FilterSpace): string {
  const file = filterFile(space);
  const sum = createHash("sha256");
  for (let at = 0; at < file.length; at += CHUNK) sum.update(file.subarray(at, at + CHUNK));
  return sum.digest("hex");
}
