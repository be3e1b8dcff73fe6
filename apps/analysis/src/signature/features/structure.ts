import { type Elf, PF_EXECUTE, PF_WRITE, PT_INTERP, PT_LOAD, parseElf } from "./elf.ts";

/** How a program is built, and what is odd about it. */
export interface Structure {
  readonly machine: number;
  readonly isStatic: boolean;
  readonly isStripped: boolean;
  /** Closed words; each one rare in programs that a distribution ships. */
  readonly oddities: readonly Oddity[];
  readonly sectionNames: readonly string[];
  readonly imports: readonly string[];
  readonly exports: readonly string[];
  /** Where tables of symbol names lie in the file. */
  readonly names: readonly { readonly start: number; readonly end: number }[];
  /** Where the processor's instructions lie in the file. */
  readonly code: readonly { readonly start: number; readonly end: number }[];
}

export type Oddity =
  | "no-sections"
  | "writable-code"
  | "entry-in-last-segment"
  | "entry-outside-text"
  | "large-memory-tail"
  | "bytes-after-the-end"
  | "unusual-section-names";

const USUAL = /^(\.[a-z_.\d-]*|)$/;
const SHT_STRTAB = 3;
const MAX_OVERLAY = 4096;

export function structureOf(bytes: Uint8Array): Structure | null {
  const elf = parseElf(bytes);
  if (elf === null) return null;
  return {
    machine: elf.machine,
    isStatic: !elf.segments.some(({ type }) => type === PT_INTERP),
    isStripped: !elf.sections.some(({ name }) => name === ".symtab"),
    oddities: odditiesOf(elf, bytes.length),
    sectionNames: elf.sections.map(({ name }) => name),
    imports: elf.imports,
    exports: elf.exports,
    names: elf.sections
      .filter(({ type }) => type === SHT_STRTAB)
      .map(({ offset, size }) => ({ start: offset, end: offset + size })),
    code: codeOf(elf, bytes.length),
  };
}

function odditiesOf(elf: Elf, size: number): Oddity[] {
  const found: Oddity[] = [];
  const loads = elf.segments.filter(({ type }) => type === PT_LOAD);
  const executable = loads.filter(({ flags }) => (flags & PF_EXECUTE) !== 0);
  if (elf.sections.length === 0) found.push("no-sections");
  if (executable.some(({ flags }) => (flags & PF_WRITE) !== 0)) found.push("writable-code");
  const entered = loads.findIndex(
    ({ address, memorySize }) => elf.entry >= address && elf.entry < address + memorySize,
  );
  if (loads.length > 2 && entered === loads.length - 1) found.push("entry-in-last-segment");
  if (elf.sections.length > 0 && entered >= 0) {
    const offset = loads[entered]!.offset + elf.entry - loads[entered]!.address;
    const within = elf.sections.find(
      (section) => section.type === 1 && offset >= section.offset && offset < section.offset + section.size,
    );
    if (within?.name !== ".text") found.push("entry-outside-text");
  }
  if (executable.some(({ fileSize, memorySize }) => memorySize > 4 * fileSize + 65536))
    found.push("large-memory-tail");
  if (overlay(elf, size) > MAX_OVERLAY) found.push("bytes-after-the-end");
  if (elf.sections.some(({ name }) => !USUAL.test(name))) found.push("unusual-section-names");
  return found;
}

/** Bytes of the file after everything that its headers name. */
function overlay(elf: Elf, size: number): number {
  const header = elf.sections.length * (elf.wide ? 64 : 40);
  const ends = [
    ...elf.segments.map(({ offset, fileSize }) => offset + fileSize),
    ...elf.sections.filter(({ type }) => type !== 8).map((section) => section.offset + section.size + header),
  ];
  return size - Math.min(size, Math.max(0, ...ends));
}

function codeOf(elf: Elf, size: number): { start: number; end: number }[] {
  const sections = elf.sections.filter(({ type, flags }) => type === 1 && (flags & 4) !== 0);
  const parts =
    sections.length > 0
      ? sections.map(({ offset, size: length }) => ({ start: offset, end: offset + length }))
      : elf.segments
          .filter(({ type, flags }) => type === PT_LOAD && (flags & PF_EXECUTE) !== 0)
          .map(({ offset, fileSize }) => ({ start: offset, end: offset + fileSize }));
  return parts.map(({ start, end }) => ({ start, end: Math.min(end, size) })).filter((p) => p.end > p.start);
}
