/** A Buffer over the same memory: its searches are native. */
export function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const CHUNK = 4096;

/** Number of equal bytes from `a[aAt]` and `b[bAt]` on, at most `limit`. */
export function commonForward(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number, limit: number): number {
  let count = 0;
  while (
    count + CHUNK <= limit &&
    Buffer.compare(
      a.subarray(aAt + count, aAt + count + CHUNK),
      b.subarray(bAt + count, bAt + count + CHUNK),
    ) === 0
  ) {
    count += CHUNK;
  }
  while (count < limit && a[aAt + count] === b[bAt + count]) count++;
  return count;
}

/** Number of equal bytes before `a[aEnd]` and `b[bEnd]`, at most `limit`. */
export function commonBackward(
  a: Uint8Array,
  aEnd: number,
  b: Uint8Array,
  bEnd: number,
  limit: number,
): number {
  let count = 0;
  while (
    count + CHUNK <= limit &&
    Buffer.compare(
      a.subarray(aEnd - count - CHUNK, aEnd - count),
      b.subarray(bEnd - count - CHUNK, bEnd - count),
    ) === 0
  ) {
    count += CHUNK;
  }
  while (count < limit && a[aEnd - count - 1] === b[bEnd - count - 1]) count++;
  return count;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

/** Shannon entropy in bits a byte; 0 for nothing. */
export function entropy(bytes: Uint8Array): number {
  const counts = new Uint32Array(256);
  for (const byte of bytes) counts[byte]!++;
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / bytes.length) * Math.log2(count / bytes.length);
  return bits;
}

/** Offsets at which `needle` begins in `hay`, at most `limit`. */
export function occurrences(hay: Uint8Array, needle: Uint8Array, limit: number): number[] {
  const buffer = view(hay);
  const found: number[] = [];
  for (
    let at = buffer.indexOf(needle);
    at >= 0 && found.length < limit;
    at = buffer.indexOf(needle, at + 1)
  ) {
    found.push(at);
  }
  return found;
}
