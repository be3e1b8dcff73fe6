/** Small operations on bytes; all numbers are little-endian, 64-bit ones below 2^53. */

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function u16(value: number): Uint8Array {
  return Uint8Array.of(value & 255, (value >>> 8) & 255);
}

export function u32(value: number): Uint8Array {
  const result = new Uint8Array(4);
  view(result).setUint32(0, value >>> 0, true);
  return result;
}

export function u64(value: number): Uint8Array {
  const result = new Uint8Array(8);
  view(result).setBigUint64(0, BigInt(value), true);
  return result;
}

export function readU16(bytes: Uint8Array, at: number): number {
  return view(bytes).getUint16(at, true);
}

export function readU32(bytes: Uint8Array, at: number): number {
  return view(bytes).getUint32(at, true);
}

export function readU64(bytes: Uint8Array, at: number): number {
  return Number(view(bytes).getBigUint64(at, true));
}

/** A copy of `bytes` in which each [offset, new bytes] is written. */
export function patched(bytes: Uint8Array, ...changes: readonly (readonly [number, Uint8Array])[]) {
  const result = Uint8Array.from(bytes);
  for (const [at, value] of changes) result.set(value, at);
  return result;
}

export function xored(bytes: Uint8Array, key: Uint8Array): Uint8Array {
  return bytes.map((byte, i) => byte ^ key[i % key.length]!);
}

export function reversed(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes).reverse();
}

/** Pieces of `size` bytes; the last may be shorter. */
export function pieces(bytes: Uint8Array, size: number): Uint8Array[] {
  const result: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) result.push(bytes.slice(at, at + size));
  return result;
}

export function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

/** One character per byte, so that nothing is lost on the way there and back. */
export function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

export function fromText(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "latin1"));
}
