import { CountTable } from "./table.ts";

/** Weights of one order are learned for each power of two of the context's count. */
export const WEIGHT_BUCKETS = 32;
export const ORDER = 5;

/** Everything that the model knows. */
export interface ModelTables {
  /** Bytes that were counted. */
  readonly total: number;
  readonly one: Uint32Array;
  readonly two: Uint32Array;
  /** Logarithmic counts of all 3-grams, by their value. */
  readonly three: Uint8Array;
  readonly four: CountTable;
  readonly five: CountTable;
  /** Weights of orders 2 to 5 against the order below, WEIGHT_BUCKETS each. */
  readonly weights: Float32Array;
}

const MAGIC = 0x4d4e5448;
const HEADER_BYTES = 64;
/** The weights of version 1 were learned from what a reading buffer held in the end; the layout is the same. */
const VERSION = 2;
const READABLE = [1, VERSION];

/** Layout, little-endian: header (magic, version, total as float64, bits of four and five), then the arrays in order. */
export function encodeTables(tables: ModelTables): Uint8Array {
  const parts = [
    tables.one,
    tables.two,
    tables.weights,
    tables.four.fingerprints,
    tables.five.fingerprints,
    tables.three,
    tables.four.counts,
    tables.five.counts,
  ].map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  const bytes = new Uint8Array(HEADER_BYTES + parts.reduce((sum, part) => sum + part.length, 0));
  const header = new DataView(bytes.buffer);
  header.setUint32(0, MAGIC, true);
  header.setUint32(4, VERSION, true);
  header.setFloat64(8, tables.total, true);
  header.setUint32(16, Math.log2(tables.four.counts.length), true);
  header.setUint32(20, Math.log2(tables.five.counts.length), true);
  let at = HEADER_BYTES;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** The arrays lie in the given bytes: nothing is copied. Null where the bytes are no such model. */
export function decodeTables(buffer: ArrayBuffer): ModelTables | null {
  if (buffer.byteLength < HEADER_BYTES) return null;
  const header = new DataView(buffer);
  if (header.getUint32(0, true) !== MAGIC || !READABLE.includes(header.getUint32(4, true))) return null;
  const fourSlots = 2 ** header.getUint32(16, true);
  const fiveSlots = 2 ** header.getUint32(20, true);
  let at = HEADER_BYTES;
  const take = (bytes: number) => {
    at += bytes;
    return at - bytes;
  };
  const weightCount = (ORDER - 1) * WEIGHT_BUCKETS;
  const size =
    HEADER_BYTES + 4 * 256 + 4 * 65536 + 4 * weightCount + 256 ** 3 + 3 * fourSlots + 3 * fiveSlots;
  if (buffer.byteLength !== size) return null;
  const one = new Uint32Array(buffer, take(4 * 256), 256);
  const two = new Uint32Array(buffer, take(4 * 65536), 65536);
  const weights = new Float32Array(buffer, take(4 * weightCount), weightCount);
  const fourPrints = new Uint16Array(buffer, take(2 * fourSlots), fourSlots);
  const fivePrints = new Uint16Array(buffer, take(2 * fiveSlots), fiveSlots);
  const three = new Uint8Array(buffer, take(256 ** 3), 256 ** 3);
  const four = new CountTable(fourPrints, new Uint8Array(buffer, take(fourSlots), fourSlots));
  const five = new CountTable(fivePrints, new Uint8Array(buffer, take(fiveSlots), fiveSlots));
  return { total: header.getFloat64(8, true), one, two, three, four, five, weights };
}

/** Whether a stored model was learned as models are learned now: another is to be learned anew. */
export function isCurrent(encoded: Uint8Array): boolean {
  const header = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  return encoded.byteLength >= HEADER_BYTES && header.getUint32(4, true) === VERSION;
}
