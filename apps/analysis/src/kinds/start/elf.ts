/** What an ELF file is to the loader (System V ABI, chapters 4 and 5). Reads hostile bytes; never throws. */

export interface ElfFacts {
  readonly bits: 32 | 64;
  readonly machine: string;
  /** Whether the chamber's processor runs it. */
  readonly native: boolean;
  readonly kind: "executable" | "library" | "object" | "kernel-module" | "core" | "other";
  /** The loader that it asks for (PT_INTERP). */
  readonly loader: string | null;
}

const machines: Readonly<Record<number, string>> = {
  2: "SPARC",
  3: "i386",
  4: "Motorola 68000",
  8: "MIPS",
  20: "PowerPC",
  21: "PowerPC 64",
  22: "IBM S/390",
  40: "ARM",
  42: "SuperH",
  43: "SPARC 64",
  50: "Itanium",
  62: "x86-64",
  93: "ARC",
  183: "AArch64",
  243: "RISC-V",
  247: "BPF",
  258: "LoongArch",
};
const [PT_DYNAMIC, PT_INTERP] = [2, 3];
const [DT_NEEDED, DT_SONAME, DT_FLAGS_1] = [1, 14, 0x6ffffffb];
const DF_1_PIE = 0x08000000;

/** Facts of the file called `name`, or null where the header is no whole one. */
export function readElf(given: Uint8Array, name: string): ElfFacts | null {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.length);
  const wide = bytes[4] === 2;
  if (bytes.length < (wide ? 64 : 52) || bytes.readUInt32BE(0) !== 0x7f454c46) return null;
  const little = bytes[5] === 1;
  const short = (at: number) =>
    at + 2 > bytes.length ? 0 : little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
  const word = (at: number) =>
    at + 4 > bytes.length ? 0 : little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  /** An address or offset; beyond 2^53 it points nowhere in a file, and rounding does not matter. */
  const long = (at: number) =>
    wide ? word(at + (little ? 0 : 4)) + word(at + (little ? 4 : 0)) * 2 ** 32 : word(at);
  const [type, machine] = [short(16), short(18)];
  const facts = {
    bits: wide ? 64 : 32,
    machine: machines[machine] ?? `machine ${machine}`,
    native: little && ((wide && machine === 62) || (!wide && machine === 3)),
  } as const;
  const other = (kind: ElfFacts["kind"]): ElfFacts => ({ ...facts, kind, loader: null });
  if (type === 1) return other(bytes.includes(".modinfo\0") ? "kernel-module" : "object");
  if (type === 4) return other("core");
  if (type !== 2 && type !== 3) return other("other");

  const table = long(wide ? 32 : 28);
  const [each, count] = [short(wide ? 54 : 42), short(wide ? 56 : 44)];
  let loader: string | null = null;
  const dynamic = new Map<number, number>();
  for (let index = 0; index < Math.min(count, 64); index++) {
    const at = table + index * each;
    const [kind, offset, size] = [word(at), long(at + (wide ? 8 : 4)), long(at + (wide ? 32 : 16))];
    if (kind === PT_INTERP)
      loader = bytes.toString("latin1", offset, offset + Math.min(size, 256)).replace(/\0.*$/s, "");
    const step = wide ? 16 : 8;
    if (kind === PT_DYNAMIC)
      for (let entry = offset; entry < offset + Math.min(size, 4096); entry += step) {
        const tag = long(entry);
        if (tag === 0) break;
        dynamic.set(tag, long(entry + step / 2));
      }
  }
  const entry = long(24);
  const named = /\.so(\.[\w.]+)?$/.test(name) || dynamic.has(DT_SONAME);
  const position = ((dynamic.get(DT_FLAGS_1) ?? 0) & DF_1_PIE) !== 0;
  const library =
    type === 3 && loader === null && !position && (named || entry === 0 || dynamic.has(DT_NEEDED));
  return { ...facts, kind: library ? "library" : "executable", loader };
}
