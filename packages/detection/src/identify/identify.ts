import type { FileType } from "@thymus/contracts";
import { isNpmPackage } from "./npm.ts";
import { interpreterType } from "./shebang.ts";
import { looksLikeText, typeByExtension } from "./text.ts";

/** Only this many bytes at the start of a file decide its type, so a head of this size is always enough. */
export const IDENTIFY_BYTES = 4096;

const archives: readonly { at: number; magic: readonly number[] }[] = [
  { at: 0, magic: [0x50, 0x4b, 0x03, 0x04] }, // zip
  { at: 0, magic: [0x50, 0x4b, 0x05, 0x06] }, // zip without members
  { at: 0, magic: [0x1f, 0x8b] }, // gzip (RFC 1952 section 2.3.1)
  { at: 0, magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] }, // xz
  { at: 0, magic: [0x28, 0xb5, 0x2f, 0xfd] }, // zstd (RFC 8878 section 3.1.1)
  { at: 0, magic: [0x42, 0x5a, 0x68] }, // bzip2
  { at: 0, magic: [0x21, 0x3c, 0x61, 0x72, 0x63, 0x68, 0x3e, 0x0a] }, // ar: Debian packages, static libraries
  { at: 0, magic: [0xed, 0xab, 0xee, 0xdb] }, // rpm
  { at: 0, magic: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c] }, // 7-Zip
  { at: 0, magic: [0x52, 0x61, 0x72, 0x21, 0x1a, 0x07] }, // RAR
  { at: 0, magic: [0x4d, 0x53, 0x43, 0x46, 0, 0, 0, 0] }, // Windows cabinet
  { at: 257, magic: [0x75, 0x73, 0x74, 0x61, 0x72] }, // tar (POSIX ustar and GNU)
];

/**
 * Says what a file is by its first bytes; the name (or path) counts only where the content is text that says nothing
 * itself, and for npm packages. Never throws, whatever the bytes are.
 * @param bytes the whole file or its head of at least {@link IDENTIFY_BYTES} (less only if the file is shorter)
 */
export function identifyFile(bytes: Uint8Array, name?: string): FileType {
  if (bytes.length === 0) return "empty";
  const head = bytes.length > IDENTIFY_BYTES ? bytes.subarray(0, IDENTIFY_BYTES) : bytes;
  if (has(head, 0, [0x7f, 0x45, 0x4c, 0x46])) return elfClass(head);
  if (head[0] === 0x1f && isNpmPackage(head, name)) return "npm";
  if (archives.some(({ at, magic }) => has(head, at, magic))) return "archive";
  const text = looksLikeText(head);
  if (head[0] === 0x23 && head[1] === 0x21) return interpreterType(head) ?? (text ? "text" : "other");
  if (startsWithPhp(head)) return "php";
  if (!text) return "other";
  return typeByExtension(name) ?? "text";
}

/** e_ident[EI_CLASS] of the ELF specification: 1 is 32 bit, 2 is 64 bit. */
function elfClass(head: Uint8Array): FileType {
  return head[4] === 2 ? "elf64" : head[4] === 1 ? "elf32" : "other";
}

/** `<?php` first, after an optional byte order mark and white space. */
function startsWithPhp(head: Uint8Array): boolean {
  let at = has(head, 0, [0xef, 0xbb, 0xbf]) ? 3 : 0;
  while (at < 64 && (head[at] === 0x20 || head[at] === 0x09 || head[at] === 0x0a || head[at] === 0x0d)) at++;
  return has(head, at, [0x3c, 0x3f, 0x70, 0x68, 0x70]);
}

function has(bytes: Uint8Array, at: number, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[at + index] === byte);
}
