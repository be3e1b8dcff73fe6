/**
 * What must be known of a clean file so that it can be rebuilt: its size, its sha256, and of each block a checksum that
 * rolls and a strong one (the idea of rsync). Beginning and end, where headers and tables stand, have small blocks.
 */
import { createHash, hash } from "node:crypto";
import { weakOf } from "./rolling.ts";

export interface Block {
  readonly at: number;
  readonly length: number;
  readonly weak: number;
  readonly strong: number;
}

export interface Fingerprint {
  readonly size: number;
  readonly sha256: string;
  readonly blocks: readonly Block[];
}

/** Files above this have no fingerprint. */
export const MAX_FINGERPRINTED = 256 << 20;
const VERSION = 1;
/** Version, size (48 bits), sha256. */
const HEADER = 1 + 6 + 32;
const ENTRY = 8;
const SMALL = 64;
const HEAD = 1024;
/** The section headers of a linked program stand here, one a block. */
const TAIL = 2048;
const FEW_BLOCKS = 128;
const MIDDLE = 1024;
const MAX_MIDDLE_BLOCKS = 4096;

/** Borders of the blocks of a file: they follow from its size alone. */
export function layoutOf(size: number): { at: number; length: number }[] {
  const tailAt = Math.max(Math.min(size, HEAD), size - TAIL);
  let middle = SMALL;
  while (middle * FEW_BLOCKS < size && middle < MIDDLE) middle *= 2;
  while (middle * MAX_MIDDLE_BLOCKS < size) middle *= 2;
  const blocks: { at: number; length: number }[] = [];
  const fill = (from: number, to: number, step: number) => {
    for (let at = from; at < to; at += step) blocks.push({ at, length: Math.min(step, to - at) });
  };
  fill(0, Math.min(size, HEAD), SMALL);
  fill(Math.min(size, HEAD), tailAt, middle);
  fill(tailAt, size, SMALL);
  return blocks;
}

/** 32 bits of a block's sha256. */
export function strongOf(bytes: Uint8Array): number {
  const digest = hash("sha256", bytes, "latin1");
  const byte = (at: number) => digest.charCodeAt(at) << (24 - at * 8);
  return byte(0) | byte(1) | byte(2) | byte(3);
}

/**
 * Fingerprint of a clean file: at most 2 KiB, or 1 % of the file where that is more. Null where the file is empty or above
 * `MAX_FINGERPRINTED`.
 * @param sha256 of it, where that is known already
 */
export function fingerprintOf(clean: Uint8Array, sha256?: Uint8Array): Uint8Array | null {
  if (clean.length === 0 || clean.length > MAX_FINGERPRINTED) return null;
  const blocks = layoutOf(clean.length);
  const out = Buffer.alloc(HEADER + blocks.length * ENTRY);
  out[0] = VERSION;
  out.writeUIntLE(clean.length, 1, 6);
  out.set(sha256 ?? createHash("sha256").update(clean).digest(), 7);
  let to = HEADER;
  for (const { at, length } of blocks) {
    out.writeInt32LE(weakOf(clean, at, at + length), to);
    out.writeInt32LE(strongOf(clean.subarray(at, at + length)), to + 4);
    to += ENTRY;
  }
  return out;
}

/** Null for what is no fingerprint of this version. */
export function readFingerprint(bytes: Uint8Array): Fingerprint | null {
  if (bytes.length < HEADER || bytes[0] !== VERSION) return null;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = view.readUIntLE(1, 6);
  if (size === 0 || size > MAX_FINGERPRINTED) return null;
  const layout = layoutOf(size);
  if (bytes.length !== HEADER + layout.length * ENTRY) return null;
  const blocks = layout.map((block, i): Block => {
    const at = HEADER + i * ENTRY;
    return { ...block, weak: view.readInt32LE(at), strong: view.readInt32LE(at + 4) };
  });
  return { size, sha256: view.toString("hex", 7, HEADER), blocks };
}
