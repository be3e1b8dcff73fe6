import { type NrvMethod, unpackNrv } from "./nrv.ts";

const MAGIC = 0x21585055;
const METHODS: Readonly<Record<number, NrvMethod>> = { 2: "nrv2b", 5: "nrv2d", 8: "nrv2e" };
/** Sizes of UPX's l_info, p_info and b_info (its source, src/stub/src/include/linux.h). */
const LOADER_INFO = 12;
const PROGRAM_INFO = 12;
const BLOCK_INFO = 12;
const MAX_SIZE = 64 << 20;

/**
 * The content of a Linux program that UPX packed: its segments one after the other, machine code as UPX's filter left it.
 * Null where it is none, where a block's method is not read here, or where anything of the blocks that make up most of it does not come out
 * exactly: it is never guessed.
 */
export function unpackUpx(bytes: Uint8Array): Uint8Array | null {
  if (bytes.length < 256 || bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[5] !== 1) return null;
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = bytes[4] === 2;
  const headers = (wide ? 64 : 52) + data.getUint16(wide ? 0x38 : 0x2c, true) * (wide ? 56 : 32);
  const start = loaderInfo(data, headers);
  if (start === null) return null;
  const total = data.getUint32(start + LOADER_INFO + 4, true);
  if (total === 0 || total > MAX_SIZE) return null;
  const parts: Uint8Array[] = [];
  let done = 0;
  let at = start + LOADER_INFO + PROGRAM_INFO;
  while (done < total && at + BLOCK_INFO <= bytes.length) {
    const block = unpackBlock(bytes, data, at, total - done);
    if (block === null) break;
    parts.push(block.content);
    done += block.content.length;
    at = block.end;
  }
  // What lies between segments stands elsewhere in the file; the segments are all that runs.
  // The first block is the headers, whose offsets do not hold here.
  return parts.length >= 2 && done >= total / 2 ? new Uint8Array(Buffer.concat(parts.slice(1))) : null;
}

function loaderInfo(data: DataView, headers: number): number | null {
  for (const at of [headers, headers + 8]) {
    if (
      at + LOADER_INFO + PROGRAM_INFO + BLOCK_INFO < data.byteLength &&
      data.getUint32(at + 4, true) === MAGIC
    )
      return at;
  }
  return null;
}

function unpackBlock(
  bytes: Uint8Array,
  data: DataView,
  at: number,
  room: number,
): { content: Uint8Array; end: number } | null {
  const size = data.getUint32(at, true);
  const packed = data.getUint32(at + 4, true);
  const method = METHODS[bytes[at + 8]!];
  const from = at + BLOCK_INFO;
  if (size === 0 || size > room || packed > size || from + packed > bytes.length) return null;
  const stream = bytes.subarray(from, from + packed);
  if (packed === size) return { content: stream, end: from + packed };
  if (method === undefined) return null;
  const content = unpackNrv(stream, size, method);
  return content === null ? null : { content, end: from + packed };
}
