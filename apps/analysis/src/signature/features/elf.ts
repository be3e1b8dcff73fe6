/** What an ELF file says of itself (System V gABI chapters 4 and 5). Bounds keep hostile files cheap; nothing here throws. */
export interface Section {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly size: number;
}

export interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
}

export interface Elf {
  readonly wide: boolean;
  readonly machine: number;
  readonly type: number;
  readonly entry: number;
  readonly sections: readonly Section[];
  readonly segments: readonly Segment[];
  /** Names of functions and variables that it takes from other objects, and that it offers. */
  readonly imports: readonly string[];
  readonly exports: readonly string[];
}

const MAX_ENTRIES = 512;
const MAX_SYMBOLS = 50_000;
const SHT_STRTAB_LINK = 0x28;
const SHT_SYMTAB = 2;
const SHT_DYNSYM = 11;
export const PT_LOAD = 1;
export const PT_INTERP = 3;
export const PF_EXECUTE = 1;
export const PF_WRITE = 2;

/** Null where the bytes are no little-endian ELF file whose header is whole. */
export function parseElf(bytes: Uint8Array): Elf | null {
  if (bytes.length < 52 || bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46)
    return null;
  const wide = bytes[4] === 2;
  if (bytes[5] !== 1 || (!wide && bytes[4] !== 1) || (wide && bytes.length < 64)) return null;
  const reader = new Reader(bytes, wide);
  const sections = readSections(reader);
  const { imports, exports } = readSymbols(reader, sections);
  return {
    wide,
    type: reader.half(16),
    machine: reader.half(18),
    entry: reader.word(24),
    segments: readSegments(reader),
    sections,
    imports,
    exports,
  };
}

class Reader {
  readonly bytes: Uint8Array;
  readonly wide: boolean;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, wide: boolean) {
    this.bytes = bytes;
    this.wide = wide;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  half(at: number): number {
    return at + 2 <= this.bytes.length ? this.#view.getUint16(at, true) : 0;
  }

  int(at: number): number {
    return at + 4 <= this.bytes.length ? this.#view.getUint32(at, true) : 0;
  }

  /** An address or offset: 64 bits as a number, large ones rounded. */
  word(at: number): number {
    if (!this.wide) return this.int(at);
    return this.int(at) + this.int(at + 4) * 2 ** 32;
  }

  name(at: number, end: number): string {
    // A table may claim to lie anywhere.
    if (at >= this.bytes.length) return "";
    let to = at;
    while (to < end && to - at < 256 && this.bytes[to] !== 0 && to < this.bytes.length) to++;
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + at, Math.max(0, to - at)).toString(
      "latin1",
    );
  }
}

function readSegments(reader: Reader): Segment[] {
  const { wide } = reader;
  const table = reader.word(wide ? 0x20 : 0x1c);
  const size = reader.half(wide ? 0x36 : 0x2a);
  const count = Math.min(MAX_ENTRIES, reader.half(wide ? 0x38 : 0x2c));
  if (size < (wide ? 56 : 32)) return [];
  return Array.from({ length: count }, (_, i) => table + i * size)
    .filter((at) => at + size <= reader.bytes.length)
    .map((at) => ({
      type: reader.int(at),
      flags: reader.int(at + (wide ? 4 : 24)),
      offset: reader.word(at + (wide ? 8 : 4)),
      address: reader.word(at + (wide ? 16 : 8)),
      fileSize: reader.word(at + (wide ? 32 : 16)),
      memorySize: reader.word(at + (wide ? 40 : 20)),
    }));
}

function readSections(reader: Reader): (Section & { link: number })[] {
  const { wide } = reader;
  const table = reader.word(wide ? 0x28 : 0x20);
  const size = reader.half(wide ? 0x3a : 0x2e);
  const count = Math.min(MAX_ENTRIES, reader.half(wide ? 0x3c : 0x30));
  if (size < (wide ? 64 : 40) || table === 0) return [];
  const places = Array.from({ length: count }, (_, i) => table + i * size).filter(
    (at) => at + size <= reader.bytes.length,
  );
  const names = places[reader.half(wide ? 0x3e : 0x32)];
  const namesAt = names === undefined ? 0 : reader.word(names + (wide ? 24 : 16));
  const namesSize = names === undefined ? 0 : reader.word(names + (wide ? 32 : 20));
  return places.map((at) => {
    const nameAt = reader.int(at);
    return {
      name: nameAt < namesSize ? reader.name(namesAt + nameAt, namesAt + namesSize) : "",
      type: reader.int(at + 4),
      flags: reader.word(at + 8),
      offset: reader.word(at + (wide ? 24 : 16)),
      size: reader.word(at + (wide ? 32 : 20)),
      link: reader.int(at + (wide ? SHT_STRTAB_LINK : 24)),
    };
  });
}

function readSymbols(
  reader: Reader,
  sections: readonly (Section & { link: number })[],
): { imports: string[]; exports: string[] } {
  const imports = new Set<string>();
  const exports = new Set<string>();
  const size = reader.wide ? 24 : 16;
  for (const table of sections) {
    if (table.type !== SHT_SYMTAB && table.type !== SHT_DYNSYM) continue;
    const names = sections[table.link];
    if (names === undefined) continue;
    const end = Math.min(
      table.offset + Math.min(table.size, MAX_SYMBOLS * size),
      reader.bytes.length - size + 1,
    );
    for (let at = table.offset; at < end; at += size) {
      const nameAt = reader.int(at);
      const binding = reader.bytes[at + (reader.wide ? 4 : 12)]! >> 4;
      if (nameAt === 0 || nameAt >= names.size || binding === 0) continue;
      const name = reader.name(names.offset + nameAt, names.offset + names.size);
      const section = reader.half(at + (reader.wide ? 6 : 14));
      if (name !== "") (section === 0 ? imports : exports).add(name);
    }
  }
  return { imports: [...imports].sort(), exports: [...exports].sort() };
}
