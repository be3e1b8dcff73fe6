import { constants, gunzipSync } from "node:zlib";

const BLOCK = 512;

/**
 * An npm package: a gzipped tar whose first member lies under `package/`, and whose name, if there is one, ends in
 * `.tgz` or is a digest, as in npm's content store. Only the head is unpacked, into at most 64 KiB.
 */
export function isNpmPackage(head: Uint8Array, name?: string): boolean {
  if (head[0] !== 0x1f || head[1] !== 0x8b) return false;
  if (name !== undefined && !/\.tgz$|(^|\/)[0-9a-f]{36,}$/i.test(name)) return false;
  return firstMember(unpackHead(head))?.startsWith("package/") ?? false;
}

/** What a cut gzip stream yields so far; nothing where it is damaged or grows beyond the limit. */
function unpackHead(head: Uint8Array): Uint8Array {
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 1 << 16 });
  } catch {
    return unpackLess(head);
  }
}

/** A highly packed head exceeds the limit: a fourth of it still holds the first header. */
function unpackLess(head: Uint8Array): Uint8Array {
  try {
    const part = head.subarray(0, Math.min(head.length >> 2, 256));
    return gunzipSync(part, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 1 << 19 });
  } catch {
    return new Uint8Array();
  }
}

/** Name of the first member that is not an extended header (POSIX pax, typeflag x and g). */
function firstMember(tar: Uint8Array): string | null {
  for (let at = 0; at + BLOCK <= tar.length; ) {
    const text = (from: number, length: number) =>
      Buffer.from(tar.subarray(at + from, at + from + length))
        .toString("latin1")
        .split("\0")[0]!;
    if (!text(257, 5).startsWith("ustar")) return null;
    if (!/[xg]/.test(text(156, 1))) return text(0, 100);
    const size = Number.parseInt(text(124, 12).trim(), 8);
    if (!(size >= 0)) return null;
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return null;
}
