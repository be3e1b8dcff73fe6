/** Fields of a tar header (POSIX ustar): read, and written again in the style in which they stood. */
import { refuse } from "../refuse.ts";

export const BLOCK = 512;

export interface Field {
  readonly at: number;
  readonly length: number;
}
export const fields = {
  name: { at: 0, length: 100 },
  mode: { at: 100, length: 8 },
  size: { at: 124, length: 12 },
  sum: { at: 148, length: 8 },
  type: { at: 156, length: 1 },
  link: { at: 157, length: 100 },
  magic: { at: 257, length: 6 },
  prefix: { at: 345, length: 155 },
} as const satisfies Record<string, Field>;

const slice = (header: Uint8Array, { at, length }: Field) => header.subarray(at, at + length);

/** Text up to the first zero byte. */
export function textOf(header: Uint8Array, field: Field): string {
  const bytes = slice(header, field);
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString("utf8");
}

/** Octal digits between blanks and zero bytes; an empty field is 0. NaN for anything else, base-256 numbers among it. */
export function octalOf(header: Uint8Array, field: Field): number {
  const text = Buffer.from(slice(header, field))
    .toString("latin1")
    .replace(/^[ \0]+|[ \0]+$/g, "");
  if (text === "") return 0;
  return /^[0-7]{1,12}$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
}

/** Sum of all bytes of the header, its own field taken as blanks. */
export function sumOf(header: Uint8Array): number {
  let sum = 0;
  const { at, length } = fields.sum;
  for (let i = 0; i < BLOCK; i++) sum += i >= at && i < at + length ? 0x20 : header[i]!;
  return sum;
}

/** The same header for content of another size: digits and terminators as they stood. */
export function withSize(header: Uint8Array, size: number): Uint8Array {
  const result = Uint8Array.from(header);
  writeOctal(result, fields.size, size);
  writeOctal(result, fields.sum, sumOf(result));
  return result;
}

/** @throws ThymusError REPAIR_REFUSED where the number does not fit in as many digits as there were */
function writeOctal(header: Uint8Array, field: Field, value: number): void {
  const bytes = slice(header, field);
  const first = bytes.findIndex((byte) => byte >= 0x30 && byte <= 0x37);
  if (first < 0) throw refuse("a number of the tarball is written in no known way");
  let end = first;
  while (end < bytes.length && bytes[end]! >= 0x30 && bytes[end]! <= 0x37) end++;
  const digits = value.toString(8).padStart(end - first, "0");
  if (digits.length > end - first) throw refuse("a number of the tarball does not fit its field");
  bytes.set(Buffer.from(digits, "latin1"), first);
}

/** 1985-10-26 08:15 UTC: the one time that npm writes into packages. */
const NPM_TIME = 499_162_500;

/** The header that `npm pack` writes: no owner, one time, the mode's bits as they are. Null where it needs an extended header. */
export function npmHeader(path: string, mode: number, size: number): Uint8Array | null {
  const header = new Uint8Array(BLOCK);
  const split = splitPath(path);
  if (split === null) return null;
  const put = (field: Field, text: string) => header.set(Buffer.from(text), field.at);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, "0")} \0`;
  put(fields.name, split.name);
  put(fields.prefix, split.prefix);
  put(fields.mode, octal(mode & 0o7777, 6));
  put(fields.size, octal(size, 10));
  put({ at: 136, length: 12 }, octal(NPM_TIME, 10));
  put(fields.type, "0");
  put(fields.magic, "ustar\x0000");
  put({ at: 329, length: 8 }, octal(0, 6));
  put({ at: 337, length: 8 }, octal(0, 6));
  put(fields.sum, octal(sumOf(header), 6));
  return header;
}

/** Prefix and name of ustar as npm parts them: the prefix as long as it may be. */
function splitPath(path: string): { prefix: string; name: string } | null {
  if (/[^\x20-\x7e]/.test(path)) return null;
  if (path.length < fields.name.length) return { prefix: "", name: path };
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
    const name = path.slice(at + 1);
    if (name.length > fields.name.length) return null;
    if (at <= fields.prefix.length) return { prefix: path.slice(0, at), name };
  }
  return null;
}
