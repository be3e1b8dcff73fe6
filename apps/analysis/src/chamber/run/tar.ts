/**
 * The tar format (POSIX ustar with GNU long names): written for the guest, and read from what the guest gave back.
 * The reader trusts nothing: it has limits, follows no link, and stops quietly where an archive is cut off.
 */

const BLOCK = 512;
const MAX_PATH = 4096;

export interface TarInput {
  /** Path in the archive, without a leading slash. */
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly folder?: boolean;
  readonly content?: Uint8Array;
}

const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, "0")}\0`;

function header(path: Buffer, type: string, size: number, mode: number, uid: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  path.copy(block, 0, 0, 100);
  block.write(
    octal(mode & 0o7777, 8) + octal(uid, 8) + octal(uid, 8) + octal(size, 12) + octal(1_700_000_000, 12),
    100,
  );
  block.write(`        ${type}`, 148, "latin1");
  block.write("ustar\x0000", 257, "latin1");
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

const padding = (size: number) => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);

/** Parts of an archive in order, to be written one after the other. */
export function* writeTar(entries: Iterable<TarInput>): Generator<Uint8Array> {
  for (const entry of entries) {
    const path = Buffer.from(entry.folder ? `${entry.path}/` : entry.path);
    if (path.length > 100) {
      const long = Buffer.concat([path, Buffer.alloc(1)]);
      yield header(Buffer.from("././@LongLink"), "L", long.length, 0, 0);
      yield Buffer.concat([long, padding(long.length)]);
    }
    const content = entry.content ?? new Uint8Array(0);
    yield header(path, entry.folder ? "5" : "0", content.length, entry.mode, entry.uid);
    yield content;
    yield padding(content.length);
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** Reads `length` bytes at `at`, fewer at the end. */
export type ReadAt = (at: number, length: number) => Promise<Buffer>;

export interface TarEntry {
  /** Path in the archive as it stands there, without a leading `./`. */
  readonly path: string;
  readonly mode: number;
  readonly size: number;
  /** Where the content begins. */
  readonly at: number;
}

export interface TarLimits {
  readonly maxEntries: number;
  /** Content beyond `end` does not exist. */
  readonly start: number;
  readonly end: number;
}

function number(field: Buffer): number {
  if (field[0]! & 0x80) return Number.NaN;
  const text = field
    .toString("latin1")
    .replace(/[\0 ]+$/, "")
    .trim();
  return /^[0-7]{1,11}$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
}

/**
 * Regular files of an archive, hard links among them resolved to the entry that they name. Anything else (symbolic
 * links, devices, folders) is passed over; `cut` says that the archive did not come to its end.
 */
export async function readTar(
  read: ReadAt,
  limits: TarLimits,
): Promise<{ entries: TarEntry[]; cut: boolean }> {
  const entries: TarEntry[] = [];
  const byPath = new Map<string, TarEntry>();
  let longName: string | null = null;
  let longLink: string | null = null;
  for (let at = limits.start; ; ) {
    if (at + BLOCK > limits.end || entries.length >= limits.maxEntries) return { entries, cut: true };
    const block = await read(at, BLOCK);
    if (block.length < BLOCK) return { entries, cut: true };
    if (block.every((byte) => byte === 0)) return { entries, cut: false };
    const size = number(block.subarray(124, 136));
    if (!Number.isFinite(size) || !sumHolds(block)) return { entries, cut: true };
    const type = String.fromCharCode(block[156]!);
    const content = at + BLOCK;
    at = content + Math.ceil(size / BLOCK) * BLOCK;
    if (content + size > limits.end) return { entries, cut: true };
    if (type === "L" || type === "K") {
      if (size > MAX_PATH + 1) return { entries, cut: true };
      const name = cString(await read(content, size));
      if (type === "L") longName = name;
      else longLink = name;
      continue;
    }
    const path = tidy(longName ?? cString(block.subarray(0, 100)));
    const target = tidy(longLink ?? cString(block.subarray(157, 257)));
    longName = null;
    longLink = null;
    const mode = number(block.subarray(100, 108)) & 0o7777;
    const entry =
      type === "0" || type === "\0"
        ? { path, mode, size, at: content }
        : type === "1"
          ? byPath.get(target)
          : undefined;
    if (!entry || !pathIsSafe(path)) continue;
    const own = { ...entry, path };
    entries.push(own);
    byPath.set(path, own);
  }
}

function sumHolds(block: Buffer): boolean {
  let sum = 0;
  for (let at = 0; at < BLOCK; at++) sum += at >= 148 && at < 156 ? 32 : block[at]!;
  return number(block.subarray(148, 156)) === sum;
}

function cString(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
}

const tidy = (path: string) => path.replace(/^(\.\/)+/, "");

/** A plain relative path without tricks. */
export function pathIsSafe(path: string): boolean {
  if (path === "" || path.startsWith("/") || Buffer.byteLength(path) > MAX_PATH || path.includes("\0"))
    return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}
