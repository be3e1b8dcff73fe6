import { readU16, readU32, readU64 } from "../bytes.ts";

/** What the infections here need of an ELF file of 64 bits, little-endian; offsets and sizes in bytes. */
export interface Image {
  readonly type: number;
  readonly entry: number;
  readonly phoff: number;
  readonly shoff: number;
  readonly shnum: number;
  readonly segments: readonly Segment[];
  readonly sections: readonly Section[];
}

export interface Segment {
  /** Where its program header stands. */
  readonly at: number;
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly vaddr: number;
  readonly filesz: number;
  readonly memsz: number;
}

export interface Section {
  /** Where its section header stands. */
  readonly at: number;
  readonly type: number;
  readonly flags: number;
  readonly addr: number;
  readonly offset: number;
  readonly size: number;
}

export const field = { entry: 24, phoff: 32, shoff: 40, shnum: 60 } as const;
export const headerSize = 64;
export const phdrSize = 56;
export const shdrSize = 64;
export const segmentType = { load: 1, dynamic: 2, note: 4 } as const;

/** Null where the file is no such ELF file or its tables do not stand inside it. */
export function readImage(bytes: Uint8Array): Image | null {
  if (bytes.length < headerSize || readU32(bytes, 0) !== 0x464c457f) return null;
  if (bytes[4] !== 2 || bytes[5] !== 1 || readU16(bytes, 54) !== phdrSize) return null;
  const phoff = readU64(bytes, field.phoff);
  const shoff = readU64(bytes, field.shoff);
  const phnum = readU16(bytes, 56);
  const shnum = readU16(bytes, field.shnum);
  if (phoff + phnum * phdrSize > bytes.length || shoff + shnum * shdrSize > bytes.length) return null;
  const segments = Array.from({ length: phnum }, (_, i) => readSegment(bytes, phoff + i * phdrSize));
  const sections = Array.from({ length: shnum }, (_, i) => readSection(bytes, shoff + i * shdrSize));
  const type = readU16(bytes, 16);
  return { type, entry: readU64(bytes, field.entry), phoff, shoff, shnum, segments, sections };
}

function readSegment(bytes: Uint8Array, at: number): Segment {
  return {
    at,
    type: readU32(bytes, at),
    flags: readU32(bytes, at + 4),
    offset: readU64(bytes, at + 8),
    vaddr: readU64(bytes, at + 16),
    filesz: readU64(bytes, at + 32),
    memsz: readU64(bytes, at + 40),
  };
}

function readSection(bytes: Uint8Array, at: number): Section {
  return {
    at,
    type: readU32(bytes, at + 4),
    flags: readU32(bytes, at + 8),
    addr: readU64(bytes, at + 16),
    offset: readU64(bytes, at + 24),
    size: readU64(bytes, at + 32),
  };
}

/** Where the byte at a virtual address stands in the file; null where no loaded segment has it. */
export function fileOffset(image: Image, address: number): number | null {
  const segment = image.segments.find(
    ({ type, vaddr, filesz }) => type === segmentType.load && address >= vaddr && address < vaddr + filesz,
  );
  return segment ? address - segment.vaddr + segment.offset : null;
}

export function isExecutable({ type, flags }: Segment): boolean {
  return type === segmentType.load && (flags & 1) === 1;
}
