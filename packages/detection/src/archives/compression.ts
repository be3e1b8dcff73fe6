/** Compressed single streams: gzip, bzip2, xz, zstd. */
import { Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import Bunzip from "seek-bzip";
import xz from "xz-decompress";
import { type Budget, Exhausted } from "./budget.ts";

export type Compression = "gzip" | "bzip2" | "xz" | "zstd";

const starts = (bytes: Uint8Array, ...magic: number[]) => magic.every((byte, at) => bytes[at] === byte);

/** By the first bytes: RFC 1952, bzip2, xz file format 1.0, RFC 8878. */
export function compressionOf(bytes: Uint8Array): Compression | null {
  if (starts(bytes, 0x1f, 0x8b)) return "gzip";
  if (starts(bytes, 0x42, 0x5a, 0x68)) return "bzip2";
  if (starts(bytes, 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0)) return "xz";
  if (starts(bytes, 0x28, 0xb5, 0x2f, 0xfd)) return "zstd";
  return null;
}

const CHUNK = 64 * 1024;

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK);
}

/** bzip2 is unpacked at once, a byte at a time; the budget is asked at every chunk, so a bomb ends early. */
function* bunzip(bytes: Uint8Array, worked: (bytes: number) => void): Generator<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let chunk = Buffer.alloc(CHUNK);
  let at = 0;
  Bunzip.decode(
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
    {
      writeByte(byte: number) {
        chunk[at++] = byte;
        if (at < CHUNK) return;
        worked(CHUNK);
        chunks.push(chunk);
        chunk = Buffer.alloc(CHUNK);
        at = 0;
      },
    },
    true,
  );
  worked(at);
  yield* chunks;
  yield chunk.subarray(0, at);
}

function source(bytes: Uint8Array, format: "gzip" | "xz" | "zstd"): AsyncIterable<Uint8Array> {
  if (format === "xz") return new xz.XzReadableStream(ReadableStream.from(slices(bytes)));
  const stream = format === "gzip" ? createGunzip() : createZstdDecompress();
  // A write error after the end of the reading side has nobody to hear it.
  const input = Readable.from(slices(bytes)).on("error", () => {});
  return input.pipe(stream);
}

/**
 * What was compressed, in chunks.
 * @throws Exhausted, also for a bomb; any error where the stream is damaged
 */
export async function* decompress(
  bytes: Uint8Array,
  format: Compression,
  budget: Budget,
): AsyncGenerator<Uint8Array> {
  let unpacked = 0;
  const worked = (size: number) => {
    unpacked += size;
    budget.work(size);
    if (budget.isBomb(bytes.length, unpacked))
      throw new Exhausted(`it grows to more than ${budget.limits.ratio} times its size`);
  };
  if (format === "bzip2") {
    yield* bunzip(bytes, worked);
    return;
  }
  for await (const chunk of source(bytes, format)) {
    worked(chunk.length);
    if (chunk.length > 0) yield chunk;
  }
}
