/** What bytes are like. Pure. */
import { gunzipSync } from "node:zlib";
import { entropy } from "../../infection/bytes.ts";

/** Share of the host's 16-byte blocks that still stand somewhere in `after`, 0 to 1. */
export function hostShare(before: Uint8Array, after: Uint8Array): number {
  const size = before.length >= 64 ? 16 : Math.max(1, before.length >> 2);
  const text = Buffer.from(after.buffer, after.byteOffset, after.byteLength);
  let blocks = 0;
  let found = 0;
  const step = Math.max(size, Math.floor(before.length / 256));
  for (let at = 0; at + size <= before.length; at += step) {
    blocks += 1;
    if (text.indexOf(before.subarray(at, at + size)) >= 0) found += 1;
  }
  return blocks === 0 ? 0 : found / blocks;
}

/** Random-looking for its length: a short text can never reach eight bits, so the bar follows the length. */
export const looksRandom = (bytes: Uint8Array): boolean =>
  bytes.length >= 32 && entropy(bytes) > Math.min(7.2, Math.log2(bytes.length) * 0.92);

/** What a file holds that is hex or base64 (RFC 4648) from end to end, else the file itself. */
export function unwrapped(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  if (/^(?:[0-9a-fA-F]{2}\s*){16,}$/.test(text)) return Buffer.from(text.replace(/\s+/g, ""), "hex");
  if (/^[A-Za-z0-9+/_\-\r\n]{32,}={0,2}\s*$/.test(text)) return Buffer.from(text, "base64");
  return bytes;
}

/** Formats in which content lies compressed by its nature: their first bytes. */
const pictures = ["ffd8ffe0", "ffd8ffe1", "89504e470d0a1a0a", "474946383961", "474946383761"];

/** Whether a picture is still one of the same format: made smaller, not lost. */
export function sameFormat(before: Uint8Array, after: Uint8Array): boolean {
  const [was, is] = [before, after].map((bytes) => Buffer.from(bytes.subarray(0, 8)).toString("hex"));
  return pictures.some((magic) => was!.startsWith(magic) && is!.startsWith(magic));
}

/** Whether `packed` is `content` compressed with gzip (RFC 1952), from which nothing is lost. */
export function packs(packed: Uint8Array, content: Uint8Array): boolean {
  if (packed[0] !== 0x1f || packed[1] !== 0x8b) return false;
  try {
    return Buffer.compare(gunzipSync(packed, { maxOutputLength: content.length + 1 }), content) === 0;
  } catch {
    return false;
  }
}
