/** Unpacks what may be compressed, with limits on output and on attempts: most of what looks compressed is not. */
import { brotliDecompressSync, constants, inflateRawSync, inflateSync, zstdDecompressSync } from "node:zlib";
import type { Decoded } from "./decode.ts";
import { rot13 } from "./patterns.ts";

/** Bytes. */
const [MAX_INPUT, MAX_OUTPUT, MAX_GUESS] = [8 * 1024 * 1024, 4 * 1024 * 1024, 512 * 1024];
/** No deflated byte stands for more bytes than this. */
const MAX_RATIO = 1032;
const [SHORTEST, TRIAL, MAX_TRIAL] = [12, 2048, 64 * 1024];

const GZIP = Buffer.from([0x1f, 0x8b, 8]);
const GZIP_REVERSED = Buffer.from(GZIP).reverse();
const ZIP = Buffer.from("PK\x03\x04", "latin1");
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** Second bytes of zlib's header with a window of 32 KiB (RFC 1950, 2.2). */
const ZLIB_LEVELS = [0x01, 0x5e, 0x9c, 0xda];

/** How often a stream without its own mark may be guessed. Counted down. */
export interface Attempts {
  left: number;
}

type Unpack = (bytes: Buffer, most: number) => Buffer;
const partly = { finishFlush: constants.Z_SYNC_FLUSH };
const unpackers = {
  // Without its end, since anything may follow, and a sum that does not hold would hide what is there.
  gzip: (bytes, maxOutputLength) =>
    inflateRawSync(bytes.subarray(gzipHead(bytes)), { ...partly, maxOutputLength }),
  zlib: (bytes, maxOutputLength) => inflateSync(bytes, { ...partly, maxOutputLength }),
  deflate: (bytes, maxOutputLength) => inflateRawSync(bytes, { ...partly, maxOutputLength }),
  brotli: (bytes, maxOutputLength) =>
    brotliDecompressSync(bytes, { finishFlush: constants.BROTLI_OPERATION_FLUSH, maxOutputLength }),
  zstd: (bytes, maxOutputLength) =>
    zstdDecompressSync(bytes, { finishFlush: constants.ZSTD_e_flush, maxOutputLength }),
} satisfies Record<string, Unpack>;
type Format = keyof typeof unpackers;

/** Length of the header (RFC 1952, 2.3): extra field, name, comment and sum as its flags say. */
function gzipHead(bytes: Buffer): number {
  const flags = bytes[3] ?? 0;
  let at = 10;
  if (flags & 4 && at + 2 <= bytes.length) at += 2 + bytes.readUInt16LE(at);
  for (const flag of [8, 16]) if (flags & flag) at = bytes.indexOf(0, at) + 1 || bytes.length;
  return flags & 2 ? at + 2 : at;
}

/** Whether a deflated block may begin here (RFC 1951, 3.2.3 to 3.2.7): refuses most of what is none without unpacking. */
function mayBeBlock(data: Buffer, at: number): boolean {
  const first = data[at] ?? 6;
  const type = (first >> 1) & 3;
  if (type === 0)
    return at + 5 <= data.length && (data.readUInt16LE(at + 1) ^ data.readUInt16LE(at + 3)) === 0xffff;
  return type === 1 || (type === 2 && first >> 3 <= 29 && ((data[at + 1] ?? 31) & 31) <= 29);
}

/** The start of what the bytes unpack to, or null. Never throws, never gives more than `most` bytes. */
function unpack(format: Format, bytes: Buffer, most: number, attempts: Attempts): Buffer | null {
  if (attempts.left <= 0) return null;
  attempts.left--;
  // Most of what bears a mark by chance breaks within its first bytes.
  if (bytes.length > 2 * TRIAL && most > MAX_TRIAL && !unpackAll(format, bytes.subarray(0, TRIAL), MAX_TRIAL))
    return null;
  return unpackAll(format, bytes, most);
}

function unpackAll(format: Format, bytes: Buffer, most: number): Buffer | null {
  // Nearly every attempt fails, and nobody reads where.
  const traces = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return unpackPart(format, bytes, most);
  } finally {
    Error.stackTraceLimit = traces;
  }
}

function unpackPart(format: Format, bytes: Buffer, most: number): Buffer | null {
  const input = bytes.subarray(0, MAX_INPUT);
  // What grows beyond the limit is unpacked as far as it surely fits.
  for (const part of [input, input.subarray(0, Math.floor(most / MAX_RATIO))])
    try {
      const out = unpackers[format](part, most);
      return out.length >= SHORTEST ? out : null;
    } catch (error) {
      if ((error as { code?: string }).code !== "ERR_BUFFER_TOO_LARGE") return null;
    }
  return null;
}

/** Places of a mark. */
function* places(data: Buffer, mark: Buffer | number): Generator<number> {
  for (let at = data.indexOf(mark); at >= 0; at = data.indexOf(mark, at + 1)) yield at;
}

const xor = (bytes: Buffer, key: number) => {
  const out = Buffer.from(bytes);
  for (let at = 0; at < out.length; at++) out[at]! ^= key;
  return out;
};
/** gzip behind a change of its bytes that is made of a part first. */
const unpackTurned = (bytes: Buffer, turn: (bytes: Buffer) => Buffer, attempts: Attempts) =>
  unpack("gzip", turn(bytes.subarray(0, TRIAL)), MAX_TRIAL, attempts) &&
  unpack("gzip", turn(bytes), MAX_OUTPUT, attempts);
const reverse = (bytes: Buffer) => Buffer.from(bytes).reverse();

/**
 * Streams with a mark of their own anywhere in the data: gzip, zlib, zip and zstd, gzip also reversed, under ROT13 or under XOR.
 * @param keys whether XOR is looked for
 */
export function* unpackMarked(data: Buffer, attempts: Attempts, keys: boolean): Generator<Decoded> {
  const result = (encoding: string, at: number, bytes: Buffer | null): Decoded[] =>
    bytes ? [{ encoding, bytes, at, length: data.length - at, whole: true }] : [];
  for (const at of places(data, GZIP)) {
    const rest = data.subarray(at, at + MAX_INPUT);
    const plain = unpack("gzip", rest, MAX_OUTPUT, attempts);
    yield* plain
      ? result("gzip", at, plain)
      : result("ROT13 of gzip", at, unpackTurned(rest, rot13, attempts));
  }
  for (const at of places(data, GZIP_REVERSED)) {
    const start = Math.max(0, at + 3 - MAX_INPUT);
    if (!unpack("gzip", reverse(data.subarray(Math.max(0, at + 3 - TRIAL), at + 3)), MAX_TRIAL, attempts))
      continue;
    const back = unpack("gzip", reverse(data.subarray(start, at + 3)), MAX_OUTPUT, attempts);
    if (back)
      yield { encoding: "reversed gzip", bytes: back, at: start, length: at + 3 - start, whole: true };
  }
  // Block type 3 does not exist (RFC 1951, 3.2.3).
  for (const at of places(data, 0x78))
    if (ZLIB_LEVELS.includes(data[at + 1]!) && mayBeBlock(data, at + 2))
      yield* result("zlib", at, unpack("zlib", data.subarray(at, at + MAX_INPUT), MAX_OUTPUT, attempts));
  for (const at of places(data, ZSTD))
    yield* result("zstd", at, unpack("zstd", data.subarray(at, at + MAX_INPUT), MAX_OUTPUT, attempts));
  for (const at of places(data, ZIP)) {
    // APPNOTE 4.3.7: method, then lengths of name and extra field, which stand before the content.
    if (at + 30 > data.length || data.readUInt16LE(at + 8) !== 8) continue;
    const start = at + 30 + data.readUInt16LE(at + 26) + data.readUInt16LE(at + 28);
    yield* result(
      "zip",
      at,
      unpack("deflate", data.subarray(start, start + MAX_INPUT), MAX_OUTPUT, attempts),
    );
  }
  if (!keys) return;
  // XOR with one byte leaves the difference of neighbours as it is.
  let [before, now] = [data[0]!, data[1]!];
  for (let at = 0; at + 18 < data.length; at++) {
    const first = before;
    before = now;
    now = data[at + 2]!;
    if ((first ^ before) !== (0x1f ^ 0x8b) || (before ^ now) !== (0x8b ^ 8)) continue;
    const key = first ^ 0x1f;
    // Reserved flags are zero (RFC 1952, 2.3.1.2).
    if (key === 0 || ((data[at + 3]! ^ key) & 0xe0) !== 0) continue;
    const bytes = unpackTurned(data.subarray(at, at + MAX_INPUT), (some) => xor(some, key), attempts);
    yield* result(`XOR with ${key} of gzip`, at, bytes);
  }
}

/** The data taken as one compressed stream from its first byte: raw deflate, brotli, zlib; also reversed or under ROT13, zlib also under XOR. */
export function* unpackWhole(data: Buffer, attempts: Attempts): Generator<Decoded> {
  const result = (encoding: string, bytes: Buffer | null): Decoded[] =>
    bytes ? [{ encoding, bytes, at: 0, length: data.length, whole: true }] : [];
  const guess = (format: Format, bytes: Buffer) => unpack(format, bytes, MAX_GUESS, attempts);
  const reversed = reverse(data.subarray(-MAX_GUESS));
  const turned = rot13(data.subarray(0, MAX_GUESS));
  for (const format of ["deflate", "brotli", "zlib"] as const) {
    if (format !== "zlib") yield* result(format, guess(format, data));
    yield* result(`reversed ${format}`, guess(format, reversed));
    yield* result(`ROT13 of ${format}`, guess(format, turned));
  }
  const key = data[0]! ^ 0x78;
  if (key !== 0 && ZLIB_LEVELS.includes(data[1]! ^ key))
    yield* result(`XOR with ${key} of zlib`, guess("zlib", xor(data.subarray(0, MAX_GUESS), key)));
}
