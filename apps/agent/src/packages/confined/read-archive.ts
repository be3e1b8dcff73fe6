/**
 * A program of its own, which runs confined (run.ts): reads Debian archives and npm packages, and tells of their members, one JSON
 * document a line. It trusts nothing that it reads, and whoever reads its output trusts nothing of that.
 *
 *   read-archive.ts control|files|npm MAXBYTES NAME ARCHIVE...   members of each archive with digests; NAME is -
 *   read-archive.ts control|files|npm MAXBYTES NAMES ARCHIVE     those with their content in base64; NAMES is a JSON list
 *
 * Only node: modules are imported: nothing else of the project is there.
 */
import { spawn } from "node:child_process";
import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";

const BLOCK = 512;
/** Bytes of a long name or of extended headers. */
const MAX_META = 1 << 20;

const [kind, limit, names, ...archives] = process.argv.slice(2) as [string, string, string, ...string[]];
const maxBytes = Number(limit);
const plain = (name: string) => name.replace(/^(?:\.?\/)+/, "");
/** Null where all members are told of. */
const wanted = names === "-" ? null : new Set((JSON.parse(names) as string[]).map(plain));

interface Header {
  readonly name: string;
  readonly link: string;
  readonly type: string;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly user: string;
  readonly group: string;
  readonly mtime: string;
}

function open(archive: string): AsyncIterable<Buffer> {
  if (kind === "npm") return createReadStream(archive).pipe(createGunzip());
  const option = kind === "control" ? "--ctrl-tarfile" : "--fsys-tarfile";
  const child = spawn("dpkg-deb", [option, archive], { stdio: ["ignore", "pipe", "inherit"] });
  child.once("close", (code) => {
    if (code !== 0) process.exit(3);
  });
  return child.stdout;
}

/** Numbers of ustar are octal text, or of GNU base-256 (first bit set). */
function number(field: Buffer): number {
  if (field[0]! & 0x80) return Number(BigInt(`0x${field.subarray(1).toString("hex")}`));
  const text = field
    .toString("latin1")
    .replace(/[\0 ].*$/s, "")
    .trim();
  return text === "" ? 0 : Number.parseInt(text, 8);
}
const text = (field: Buffer) => field.toString("utf8").replace(/\0.*$/s, "");

/** Records of a pax extended header: `LENGTH KEY=VALUE\n` (POSIX.1-2001, pax). */
function pax(bytes: Buffer): Map<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(bytes.subarray(at, space).toString("latin1"));
    if (space < 0 || !(length > 0)) break;
    const record = bytes.subarray(space + 1, at + length - 1).toString("utf8");
    const equals = record.indexOf("=");
    found.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return found;
}

/** Reads a stream by lengths. */
class Reader {
  readonly #pieces: AsyncIterator<Buffer>;
  #waiting: Buffer = Buffer.alloc(0);
  constructor(stream: AsyncIterable<Buffer>) {
    this.#pieces = stream[Symbol.asyncIterator]();
  }
  /** At most `length` bytes; empty at the end. */
  async some(length: number): Promise<Buffer> {
    if (this.#waiting.length === 0) {
      const next = await this.#pieces.next();
      if (next.done) return this.#waiting;
      this.#waiting = next.value;
    }
    const piece = this.#waiting.subarray(0, length);
    this.#waiting = this.#waiting.subarray(piece.length);
    return piece;
  }
  async exactly(length: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (let left = length; left > 0; ) {
      const piece = await this.some(left);
      if (piece.length === 0) throw new Error("the archive is cut off");
      pieces.push(piece);
      left -= piece.length;
    }
    return Buffer.concat(pieces);
  }
}

const tell = (what: unknown) => process.stdout.write(`${JSON.stringify(what)}\n`);

async function read(archive: string, index: number): Promise<void> {
  const reader = new Reader(open(archive));
  let longName: string | null = null;
  let longLink: string | null = null;
  let extended = new Map<string, string>();
  let read = 0;
  for (;;) {
    const block = await reader.some(BLOCK);
    if (block.length === 0) return;
    const header =
      block.length < BLOCK ? Buffer.concat([block, await reader.exactly(BLOCK - block.length)]) : block;
    if (header.every((byte) => byte === 0)) {
      // The rest is padding.
      while ((await reader.some(1 << 16)).length > 0);
      return;
    }
    const type = String.fromCharCode(header[156]!);
    const size = number(header.subarray(124, 136));
    if (!Number.isSafeInteger(size) || size < 0) throw new Error("a member has no sound size");
    const padded = Math.ceil(size / BLOCK) * BLOCK;
    if ("LKxg".includes(type)) {
      if (size > MAX_META) throw new Error("a name is too long");
      const bytes = (await reader.exactly(padded)).subarray(0, size);
      if (type === "L") longName = text(bytes);
      else if (type === "K") longLink = text(bytes);
      else if (type === "x") extended = pax(bytes);
      continue;
    }
    const prefix = header.toString("latin1", 257, 263) === "ustar\0" ? text(header.subarray(345, 500)) : "";
    const short = text(header.subarray(0, 100));
    const member: Header = {
      name: extended.get("path") ?? longName ?? (prefix ? `${prefix}/${short}` : short),
      link: extended.get("linkpath") ?? longLink ?? text(header.subarray(157, 257)),
      type: type === "\0" ? "0" : type,
      size: Number(extended.get("size") ?? size),
      mode: number(header.subarray(100, 108)),
      uid: number(header.subarray(108, 116)),
      gid: number(header.subarray(116, 124)),
      user: text(header.subarray(265, 297)),
      group: text(header.subarray(297, 329)),
      mtime: extended.get("mtime") ?? String(number(header.subarray(136, 148))),
    };
    longName = null;
    longLink = null;
    extended = new Map();
    read += padded;
    if (read > maxBytes) throw new Error(`more than ${maxBytes} bytes`);
    await content(reader, member, index);
  }
}

async function content(reader: Reader, member: Header, index: number): Promise<void> {
  const hashes: Hash[] = ["md5", "sha256"].map((name) => createHash(name));
  const isWanted = wanted?.has(plain(member.name)) ?? false;
  const pieces: Buffer[] = [];
  for (let left = member.size; left > 0; ) {
    const piece = await reader.some(left);
    if (piece.length === 0) throw new Error("the archive is cut off");
    left -= piece.length;
    if (!wanted) for (const hash of hashes) hash.update(piece);
    if (isWanted) pieces.push(Buffer.from(piece));
  }
  const padding = (BLOCK - (member.size % BLOCK)) % BLOCK;
  if (padding > 0) await reader.exactly(padding);
  if (!wanted) {
    const [md5, sha256] = hashes.map((hash) => hash.digest("hex"));
    tell({ ...member, archive: index, md5, sha256 });
  } else if (isWanted) tell({ ...member, archive: index, bytes: Buffer.concat(pieces).toString("base64") });
}

try {
  for (const [index, archive] of archives.entries()) await read(archive, index);
} catch (error) {
  // Not by itself: dpkg-deb may still wait for someone to read what it says.
  process.stderr.write(`${(error as Error).message}\n`, () => process.exit(1));
}
