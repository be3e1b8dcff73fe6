import type { FileType } from "@thymus/contracts";
import { random } from "../../../infection/testing/random.ts";
import type { FamilySample } from "../types.ts";

const X86_64 = 62;
const I386 = 3;
const AARCH64 = 183;
const MACHINES = { amd64: X86_64, i386: I386, arm64: AARCH64 } as const;

export interface ProgramOptions {
  readonly texts: readonly string[];
  /** Decides the machine code, which is random bytes here. */
  readonly seed: number;
  readonly architecture?: keyof typeof MACHINES;
  /** Names in a symbol name table. */
  readonly names?: readonly string[];
  readonly codeBytes?: number;
  /** Machine code instead of that. */
  readonly code?: Uint8Array;
  /** Linked with its libraries when it is started (it has a PT_INTERP segment). */
  readonly isDynamic?: boolean;
  /** Bytes of a further segment: compressed or encrypted ones make a packed program. */
  readonly payload?: Uint8Array;
}

/** Bytes with the structure of an ELF program (System V gABI): code, texts, names. It cannot run. */
export function program(options: ProgramOptions): Buffer {
  const architecture = options.architecture ?? "amd64";
  const wide = architecture !== "i386";
  const [headerSize, segmentSize, sectionSize] = wide ? [64, 56, 64] : [52, 32, 40];
  const parts = [
    { name: "", type: 0, flags: 0, bytes: Buffer.alloc(0) },
    {
      name: ".text",
      type: 1,
      flags: 6,
      bytes: Buffer.from(options.code ?? codeLike(options.seed, options.codeBytes ?? 4096)),
    },
    { name: ".rodata", type: 1, flags: 2, bytes: Buffer.from(options.texts.map((t) => `${t}\0`).join("")) },
    { name: ".data", type: 1, flags: 3, bytes: Buffer.from(options.payload ?? []) },
    { name: ".strtab", type: 3, flags: 0, bytes: Buffer.from(`\0${(options.names ?? []).join("\0")}\0`) },
  ];
  const names = Buffer.from(`${parts.map(({ name }) => name).join("\0")}\0.shstrtab\0`);
  parts.push({ name: ".shstrtab", type: 3, flags: 0, bytes: names });
  const interpreter = options.isDynamic ? 1 : 0;
  let at = headerSize + (2 + interpreter) * segmentSize;
  const placed = parts.map((part) => {
    const offset = at;
    at += part.bytes.length;
    return { ...part, offset };
  });
  const file = Buffer.alloc(at + parts.length * sectionSize);
  file.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, 1, 1]);
  const word = (value: number, to: number) =>
    wide ? file.writeBigUInt64LE(BigInt(value), to) : file.writeUInt32LE(value, to);
  file.writeUInt16LE(2, 16);
  file.writeUInt16LE(MACHINES[architecture], 18);
  const base = 0x400000;
  word(base + placed[1]!.offset, 24);
  word(headerSize, wide ? 0x20 : 0x1c);
  word(at, wide ? 0x28 : 0x20);
  file.writeUInt16LE(segmentSize, wide ? 0x36 : 0x2a);
  file.writeUInt16LE(2 + interpreter, wide ? 0x38 : 0x2c);
  file.writeUInt16LE(sectionSize, wide ? 0x3a : 0x2e);
  file.writeUInt16LE(parts.length, wide ? 0x3c : 0x30);
  file.writeUInt16LE(parts.length - 1, wide ? 0x3e : 0x32);
  const segments = [
    { type: 1, flags: 5, from: placed[1]!.offset, to: placed[2]!.offset },
    { type: 1, flags: 6, from: placed[2]!.offset, to: at },
    ...(options.isDynamic ? [{ type: 3, flags: 4, from: 0, to: 0 }] : []),
  ];
  for (const [i, { type, flags, from, to }] of segments.entries()) {
    const start = headerSize + i * segmentSize;
    file.writeUInt32LE(type, start);
    file.writeUInt32LE(flags, start + (wide ? 4 : 24));
    word(from, start + (wide ? 8 : 4));
    word(base + from, start + (wide ? 16 : 8));
    word(to - from, start + (wide ? 32 : 16));
    word(to - from, start + (wide ? 40 : 20));
  }
  let nameAt = 0;
  for (const [i, part] of placed.entries()) {
    file.set(part.bytes, part.offset);
    const start = at + i * sectionSize;
    file.writeUInt32LE(nameAt, start);
    nameAt += part.name.length + 1;
    file.writeUInt32LE(part.type, start + 4);
    word(part.flags, start + 8);
    word(base + part.offset, start + (wide ? 16 : 12));
    word(part.offset, start + (wide ? 24 : 16));
    word(part.bytes.length, start + (wide ? 32 : 20));
  }
  return file;
}

/** Bytes of about the density of machine code. */
function codeLike(seed: number, length: number): Buffer {
  const dice = random(seed * 31 + 5);
  const usual = dice.bytes(40);
  return Buffer.from(Uint8Array.from({ length }, () => usual[dice.below(dice.below(40) + 1)]!));
}

/** Instructions of x86-64 (Intel manual, volume 2): those with a displacement or immediate of four bytes first. */
const INSTRUCTIONS = [
  [0x48, 0x8b, 0x05], // mov rax, [rip + disp32]
  [0x48, 0x8d, 0x3d], // lea rdi, [rip + disp32]
  [0xe8], // call rel32
  [0x0f, 0x84], // je rel32
  [0xbe], // mov esi, imm32
  [0x48, 0x89, 0xc3], // mov rbx, rax
  [0x48, 0x83, 0xec, 0x28], // sub rsp, 0x28
  [0x31, 0xd2], // xor edx, edx
  [0x0f, 0xb6, 0x44, 0x24, 0x17], // movzx eax, byte [rsp + 0x17]
  [0x44, 0x8b, 0x6c, 0x24, 0x0c], // mov r13d, [rsp + 0x0c]
  [0x83, 0xf8, 0x05], // cmp eax, 5
  [0x41, 0xff, 0xc6], // inc r14d
  [0xf7, 0xd9], // neg ecx
  [0x48, 0xc1, 0xe0, 0x04], // shl rax, 4
] as const;
const WITH_ADDRESS = 5;

/** Machine code that stays the same for a family but for its addresses, which differ from build to build. */
export function machineCode(family: number, build: number, count = 2500): Buffer {
  const dice = random(family * 7907 + 3);
  const addresses = random(build * 104729 + 11);
  return Buffer.concat(
    Array.from({ length: count }, () => {
      const kind = dice.below(INSTRUCTIONS.length);
      const fixed = Uint8Array.from(INSTRUCTIONS[kind]!);
      return kind < WITH_ADDRESS ? Buffer.concat([fixed, addresses.bytes(4)]) : fixed;
    }),
  );
}

const SYLLABLES =
  "ka lo mi ter van sel dor pi qua zen ru bel fo gri sta nu wex hy jo pla cri mon tas ve".split(" ");

/** A sentence that no other number gives. */
export function sentence(number: number): string {
  const dice = random(number * 2654435761 + 17);
  const words = Array.from({ length: 5 + dice.below(4) }, () =>
    Array.from({ length: 1 + dice.below(3) }, () => dice.pick(SYLLABLES)).join(""),
  );
  return `${words.join(" ")}: %s`;
}

/** Sentences of a family; each version replaces one in `renewal` by a new one. */
export function familyTexts(family: number, version: number, count = 60, renewal = 12): string[] {
  return Array.from({ length: count }, (_, i) => {
    let changed = 0;
    for (let v = 1; v <= version; v++) if ((i * 7 + v * 5 + family) % renewal === 0) changed = v;
    return sentence(family * 100_000 + i * 100 + changed);
  });
}

export function sampleOf(bytes: Uint8Array, name = "sample"): FamilySample {
  const type: FileType =
    bytes[0] === 0x7f ? (bytes[4] === 1 ? "elf32" : "elf64") : bytes.length === 0 ? "empty" : "other";
  return { name, bytes, type };
}

/** A build of a family's program. */
export function build(
  family: number,
  version: number,
  options: Partial<ProgramOptions> & { readonly library?: readonly string[] } = {},
): FamilySample {
  const texts = [...familyTexts(family, version), ...(options.library ?? [])];
  const bytes = program({ texts, seed: family * 1000 + version, ...options });
  return sampleOf(bytes, `family ${family} version ${version}`);
}
