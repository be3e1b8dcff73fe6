/** Tarballs exactly as the command `npm pack` writes them: equal files give equal bytes. */
import { basename, dirname, extname } from "node:path/posix";
import { gzipSync } from "node:zlib";
import { ThymusError } from "@thymus/contracts";
import type { TreeFile } from "../part.ts";

const BLOCK = 512;
/** 1985-10-26T08:15:00Z, in seconds: the time that every entry bears. */
const TIME = 499_162_500;
/** Byte of the gzip header that names the system (RFC 1952, 2.3): unknown, so that it is the same everywhere. */
const [SYSTEM_AT, SYSTEM_UNKNOWN] = [9, 255];

const { compare } = new Intl.Collator("en");

/** As npm orders them: by ending, then by name, then by path, so that like lies beside like. */
function npmOrder(a: string, b: string): number {
  return (
    compare(extname(a).toLowerCase(), extname(b).toLowerCase()) ||
    compare(basename(a).toLowerCase(), basename(b).toLowerCase()) ||
    compare(a, b)
  );
}

function octal(value: number, width: number): string {
  const digits = value.toString(8);
  return digits.length === width - 1 ? `${digits}\0` : `${digits.padStart(width - 2, "0")} \0`;
}

/** Name and prefix fields of ustar: as much of the path in the name as fits. */
function splitPath(path: string): [name: string, prefix: string] {
  if (Buffer.byteLength(path) < 100) return [path, ""];
  let name = basename(path);
  let prefix = dirname(path);
  while (Buffer.byteLength(prefix) > 155 && prefix !== ".") {
    name = `${basename(prefix)}/${name}`;
    prefix = dirname(prefix);
  }
  if (Buffer.byteLength(name) > 100 || prefix === ".")
    throw new ThymusError("TOO_LARGE", `path too long for a package: ${path}`, "shorten the path");
  return [name, prefix];
}

function header(path: string, mode: number, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const [name, prefix] = splitPath(path);
  block.write(name, 0);
  block.write(octal(mode, 8), 100, "latin1");
  block.write(octal(size, 12), 124, "latin1");
  block.write(octal(TIME, 12), 136, "latin1");
  block.write("        0", 148, "latin1");
  block.write("ustar\x0000", 257, "latin1");
  block.write(octal(0, 8), 329, "latin1");
  block.write(octal(0, 8), 337, "latin1");
  block.write(prefix, 345);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(octal(sum, 8), 148, "latin1");
  return block;
}

/** The archive inside: its bytes do not depend on who compresses. */
export function tarNpm(files: readonly TreeFile[]): Buffer {
  const parts: Buffer[] = [];
  for (const file of [...files].sort((a, b) => npmOrder(a.path, b.path))) {
    const mode = file.executable ? 0o755 : 0o644;
    parts.push(header(`package/${file.path}`, mode, file.content.length), Buffer.from(file.content));
    parts.push(Buffer.alloc((BLOCK - (file.content.length % BLOCK)) % BLOCK));
  }
  parts.push(Buffer.alloc(2 * BLOCK));
  return Buffer.concat(parts);
}

/**
 * The tarball of a package. `executable` must be set for what package.json names in `bin`, as npm does it itself.
 * @throws ThymusError TOO_LARGE where a path does not fit
 */
export function packNpm(files: readonly TreeFile[]): Uint8Array {
  const zipped = gzipSync(tarNpm(files), { level: 9 });
  zipped[SYSTEM_AT] = SYSTEM_UNKNOWN;
  return zipped;
}
