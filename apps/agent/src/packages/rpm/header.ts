/** Tags of an rpm header (rpmtag.h) that are read here. */
const TAGS = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  digests: 1035,
  flags: 1037,
  folderIndexes: 1116,
  baseNames: 1117,
  folders: 1118,
  algorithm: 5011,
} as const;

const ENTRY = 16;
/** Bytes and entries that rpm itself allows at most (header.c). */
const MAX_ENTRIES = 0xffff;
const MAX_DATA = 1 << 28;

const [INT16, INT32, STRING, STRING_ARRAY, I18N] = [3, 4, 6, 8, 9];
/** rpmfi.h */
const CONFIG = 1;
const GHOST = 64;
/** Hash algorithms of OpenPGP (RFC 9580 section 9.5) by the names of Node; 0 or missing means MD5. */
const ALGORITHMS: Readonly<Record<number, string>> = {
  0: "md5",
  1: "md5",
  2: "sha1",
  8: "sha256",
  9: "sha384",
  10: "sha512",
};

export interface RpmFile {
  readonly path: string;
  /** Hex; empty for folders and links. */
  readonly digest: string;
  readonly config: boolean;
  /** The package owns the name, and brings no content. */
  readonly ghost: boolean;
}

export interface RpmPackage {
  readonly name: string;
  /** `EPOCH:VERSION-RELEASE`, without an epoch of 0. */
  readonly version: string;
  /** Of the digests, as Node names it; null for one that is not known here. */
  readonly algorithm: string | null;
  readonly files: readonly RpmFile[];
}

/**
 * One package of rpm's database: a header without its magic, i.e. number of entries, bytes of data, entries of tag, type, offset and count
 * (all big-endian), data. @returns null for what is none
 */
export function parseHeader(blob: Uint8Array): RpmPackage | null {
  const bytes = Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength);
  if (bytes.length < 8) return null;
  const [entries, length] = [bytes.readUInt32BE(0), bytes.readUInt32BE(4)];
  const start = 8 + entries * ENTRY;
  if (entries > MAX_ENTRIES || length > MAX_DATA || start + length > bytes.length) return null;
  const data = bytes.subarray(start, start + length);
  const found = new Map<number, { type: number; offset: number; count: number }>();
  for (let at = 8; at < start; at += ENTRY)
    found.set(bytes.readUInt32BE(at), {
      type: bytes.readUInt32BE(at + 4),
      offset: bytes.readUInt32BE(at + 8),
      count: bytes.readUInt32BE(at + 12),
    });
  const texts = (tag: number): string[] => {
    const entry = found.get(tag);
    if (!entry || ![STRING, STRING_ARRAY, I18N].includes(entry.type)) return [];
    const all: string[] = [];
    for (let at = entry.offset, left = entry.count; left > 0 && at < data.length; left--) {
      const end = data.indexOf(0, at);
      if (end < 0) break;
      all.push(data.toString("utf8", at, end));
      at = end + 1;
    }
    return all;
  };
  const numbers = (tag: number): number[] => {
    const entry = found.get(tag);
    const width = entry?.type === INT32 ? 4 : entry?.type === INT16 ? 2 : 0;
    if (!entry || width === 0 || entry.offset + entry.count * width > data.length) return [];
    return Array.from({ length: entry.count }, (_, index) =>
      width === 4 ? data.readUInt32BE(entry.offset + index * 4) : data.readUInt16BE(entry.offset + index * 2),
    );
  };
  const name = texts(TAGS.name)[0];
  if (name === undefined) return null;
  const epoch = numbers(TAGS.epoch)[0];
  const version = `${epoch ? `${epoch}:` : ""}${texts(TAGS.version)[0] ?? ""}-${texts(TAGS.release)[0] ?? ""}`;
  const [folders, places, digests, flags] = [
    texts(TAGS.folders),
    numbers(TAGS.folderIndexes),
    texts(TAGS.digests),
    numbers(TAGS.flags),
  ];
  const files = texts(TAGS.baseNames).map((base, index) => ({
    path: `${folders[places[index] ?? -1] ?? "/"}${base}`,
    digest: digests[index] ?? "",
    config: ((flags[index] ?? 0) & CONFIG) !== 0,
    ghost: ((flags[index] ?? 0) & GHOST) !== 0,
  }));
  return { name, version, algorithm: ALGORITHMS[numbers(TAGS.algorithm)[0] ?? 0] ?? null, files };
}
