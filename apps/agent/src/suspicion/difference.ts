/**
 * Which bytes of a changed program are foreign. The baseline keeps of each program a signature of its blocks (the idea of
 * rsync: a weak sum that rolls, confirmed by a stronger one); what of a later version no block explains is foreign.
 */
import { hash } from "node:crypto";

const MIN_BLOCK = 32;
/** Most blocks of a signature: 4 KiB in all. */
const MAX_BLOCKS = 512;
/** Larger files are not compared. */
const MAX_COMPARED = 32 << 20;
const HEADER = 8;
const ENTRY = 8;

function blockSize(bytes: number): number {
  let size = MIN_BLOCK;
  while (size * MAX_BLOCKS < bytes) size *= 2;
  return size;
}

/** The first four bytes of a block's SHA-1. In one call: a baseline asks for some hundred of each program. */
function strong(block: Uint8Array): number {
  const digest = hash("sha1", block, "latin1");
  const byte = (at: number) => digest.charCodeAt(at) << (at * 8);
  return (byte(0) | byte(1) | byte(2) | byte(3)) >>> 0;
}

/** Signature of a content: block size, length of the part behind the last block, weak and strong sum of each block. */
export function signatureOf(bytes: Uint8Array): Uint8Array {
  const size = blockSize(bytes.length);
  const blocks = Math.floor(bytes.length / size);
  const out = Buffer.alloc(HEADER + blocks * ENTRY);
  out.writeUInt32LE(size, 0);
  out.writeUInt32LE(bytes.length % size, 4);
  for (let block = 0; block < blocks; block++) {
    const start = block * size;
    let a = 0;
    let b = 0;
    // Both sums count modulo 2^16; modulo 2^32 until the end is the same, and faster.
    for (let at = start; at < start + size; at++) {
      a = (a + bytes[at]!) | 0;
      b = (b + a) | 0;
    }
    out.writeUInt32LE(((b << 16) | (a & 0xffff)) >>> 0, HEADER + block * ENTRY);
    out.writeUInt32LE(strong(bytes.subarray(start, start + size)), HEADER + block * ENTRY + 4);
  }
  return out;
}

/** Number and size of the blocks that a signature is of. */
export function blocksOf(signature: Uint8Array): { readonly blocks: number; readonly blockSize: number } {
  const view = new DataView(signature.buffer, signature.byteOffset, signature.byteLength);
  return { blocks: Math.floor((signature.length - HEADER) / ENTRY), blockSize: view.getUint32(0, true) };
}

/** The regions of `bytes` that no block of the signature explains. Up to one block of old bytes may cling to each edge. */
export function foreignRegions(signature: Uint8Array, bytes: Uint8Array): Uint8Array[] {
  if (bytes.length > MAX_COMPARED || signature.length < HEADER) return [];
  const view = Buffer.from(signature.buffer, signature.byteOffset, signature.byteLength);
  const size = view.readUInt32LE(0);
  const rest = view.readUInt32LE(4);
  if (size === 0) return [];
  const known = new Map<number, Set<number>>();
  for (let at = HEADER; at + ENTRY <= view.length; at += ENTRY) {
    const weak = view.readUInt32LE(at);
    const set = known.get(weak) ?? new Set();
    known.set(weak, set.add(view.readUInt32LE(at + 4)));
  }
  const regions: Uint8Array[] = [];
  let start = 0;
  let at = 0;
  let a = 0;
  let b = 0;
  let fresh = true;
  while (at + size <= bytes.length) {
    if (fresh) {
      a = 0;
      b = 0;
      for (let index = at; index < at + size; index++) {
        a = (a + bytes[index]!) & 0xffff;
        b = (b + a) & 0xffff;
      }
      fresh = false;
    }
    if (known.get(((b << 16) | a) >>> 0)?.has(strong(bytes.subarray(at, at + size)))) {
      if (at > start) regions.push(bytes.subarray(start, at));
      at += size;
      start = at;
      fresh = true;
      continue;
    }
    const out = bytes[at]!;
    a = (a - out + (bytes[at + size] ?? 0)) & 0xffff;
    b = (b - size * out + a) & 0xffff;
    at++;
  }
  // What lay behind the last whole block has no sum: it is taken for the old one where its length is the old one's.
  if (bytes.length - start !== rest || start === 0) regions.push(bytes.subarray(start));
  return regions.filter((region) => region.length > 0);
}

/** Length from which an equal run of bytes in two files is no chance. */
const RUN = 24;
/** Foreign bytes of one file that are compared with others. */
const COMPARED = 256 * 1024;

/** The runs of `RUN` bytes of some regions, without those of little variety (padding, blanks, tables of zeros). */
export function runsOf(regions: readonly Uint8Array[]): Set<string> {
  const runs = new Set<string>();
  let left = COMPARED;
  for (const region of regions) {
    const part = Buffer.from(region.buffer, region.byteOffset, Math.min(region.length, left));
    left -= part.length;
    for (let at = 0; at + RUN <= part.length; at++) {
      const run = part.subarray(at, at + RUN);
      if (new Set(run).size >= 10) runs.add(run.toString("latin1"));
    }
  }
  return runs;
}

/** How many runs two sets have in common. */
export function sharedRuns(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const [small, large] = a.size < b.size ? [a, b] : [b, a];
  let count = 0;
  for (const run of small) if (large.has(run)) count++;
  return count;
}

/** True where the bytes hold one of the runs. */
export function holdsRun(bytes: Uint8Array, runs: ReadonlySet<string>): boolean {
  if (runs.size === 0 || bytes.length > MAX_COMPARED) return false;
  // A run that is there is there at every offset of the wanted region: a few probes suffice.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const step = Math.max(1, Math.floor(runs.size / 64));
  let index = 0;
  for (const run of runs) if (index++ % step === 0 && text.includes(run, 0, "latin1")) return true;
  return false;
}
