/** Gzip (RFC 1952) of package tarballs, within limits. */
import { gunzipSync, gzipSync } from "node:zlib";
import { refuse } from "../refuse.ts";

/** Bytes that a tarball may unpack to. */
export const MAX_UNPACKED = 256 * 1024 * 1024;
/** Byte 9 of the header names the operating system; npm writes 255, unknown. */
const OS_AT = 9;
/** Byte 8 says how hard the packer tried: 2 is most, 4 is least. */
const EFFORT_AT = 8;

export interface GzipForm {
  readonly level: number;
  readonly os: number;
}

/** @throws ThymusError REPAIR_REFUSED where it is no gzip stream, or unpacks to more than `limit` bytes */
export function unpackGzip(bytes: Uint8Array, limit = MAX_UNPACKED): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) throw refuse("the package is no gzip stream");
  try {
    return gunzipSync(bytes, { maxOutputLength: limit });
  } catch (cause) {
    const large = (cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    throw refuse(
      large ? `the package unpacks to more than ${limit} bytes` : "the package's gzip stream is damaged",
    );
  }
}

/** No time and no name in the header, as npm packs. */
export function packGzip(tar: Uint8Array, { level, os }: GzipForm): Uint8Array {
  const packed = gzipSync(tar, { level });
  packed[OS_AT] = os;
  return packed;
}

/** How these bytes would have to be packed again to be the same, or null where no level does it. */
export function gzipFormOf(bytes: Uint8Array, tar: Uint8Array): GzipForm | null {
  const os = bytes[OS_AT]!;
  // Most packages are packed with level 9; the header tells only the ends of the scale.
  const levels = bytes[EFFORT_AT] === 2 ? [9] : bytes[EFFORT_AT] === 4 ? [1] : [6, 9, 5, 7, 8, 4, 3, 2, 1];
  for (const level of levels)
    if (Buffer.compare(packGzip(tar, { level, os }), bytes) === 0) return { level, os };
  return null;
}
