/**
 * Writes small static ELF programs for Linux on x86 (System V ABI, gABI chapters 4 and 5), laid out as a linker does it:
 * page-aligned segments with gaps between them, section headers at the end. They print one line and end with status 0.
 */
import type { SeededRandom } from "./random.ts";
import { phrase } from "./words.ts";

const PAGE = 0x1000;
const [PT_LOAD, PT_NOTE, PT_GNU_STACK] = [1, 4, 0x6474e551];
const [READ, WRITE, EXEC] = [4, 2, 1];

interface Part {
  readonly name: string;
  readonly flags: number;
  readonly content: Buffer;
  offset: number;
  address: number;
}

const align = (value: number, to: number) => Math.ceil(value / to) * to;
const word = (value: number) => {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value >>> 0);
  return buffer;
};

/** A function that nobody calls: it computes something from its argument. */
function filler(random: SeededRandom, bits: 32 | 64): Buffer {
  const prefix = bits === 64 ? [0x55, 0x48, 0x89, 0xe5, 0x89, 0xf8] : [0x55, 0x89, 0xe5, 0x8b, 0x45, 0x08];
  const steps = Array.from({ length: random.between(2, 14) }, () =>
    random.pick([
      () => Buffer.concat([Buffer.from([0x05]), random.bytes(2), Buffer.alloc(2)]), // add eax, n
      () => Buffer.concat([Buffer.from([0x69, 0xc0]), random.bytes(2), Buffer.alloc(2)]), // imul eax, eax, n
      () => Buffer.concat([Buffer.from([0x35]), random.bytes(4)]), // xor eax, n
      () => Buffer.from([0xc1, 0xe8, random.between(1, 12)]), // shr eax, n
      () => Buffer.from([0x83, 0xe0, random.between(1, 127)]), // and eax, n
      () => Buffer.from([0x89, 0xc1, 0x01, 0xc8]), // mov ecx, eax; add eax, ecx
    ])(),
  );
  const body = Buffer.concat([Buffer.from(prefix), ...steps, Buffer.from([0x5d, 0xc3])]);
  return Buffer.concat([body, Buffer.alloc(align(body.length, 16) - body.length, 0x90)]);
}

function entryCode(bits: 32 | 64, text: number, length: number): Buffer {
  const bytes = (...list: number[]) => Buffer.from(list);
  const print =
    bits === 64
      ? // mov eax,1; mov edi,1; mov esi,text; mov edx,length; syscall
        [
          bytes(0xb8, 1, 0, 0, 0, 0xbf, 1, 0, 0, 0, 0xbe),
          word(text),
          bytes(0xba),
          word(length),
          bytes(0x0f, 0x05),
        ]
      : // mov eax,4; mov ebx,1; mov ecx,text; mov edx,length; int 0x80
        [
          bytes(0xb8, 4, 0, 0, 0, 0xbb, 1, 0, 0, 0, 0xb9),
          word(text),
          bytes(0xba),
          word(length),
          bytes(0xcd, 0x80),
        ];
  const end =
    bits === 64
      ? bytes(0x31, 0xff, 0xb8, 60, 0, 0, 0, 0x0f, 0x05) // xor edi,edi; mov eax,60; syscall
      : bytes(0x31, 0xdb, 0xb8, 1, 0, 0, 0, 0xcd, 0x80); // xor ebx,ebx; mov eax,1; int 0x80
  return Buffer.concat([...print, end]);
}

/**
 * A program of roughly `size` bytes.
 * @param over what the file's size leaves over, divided by 16, where it matters: a multiple of the width of an address in bytes
 */
export function writeElf(random: SeededRandom, bits: 32 | 64, size: number, over?: number): Buffer {
  const wide = bits === 64;
  const base = wide ? 0x400000 : 0x8048000;
  const message = Buffer.from(`${phrase(random, random.between(2, 9))}\n`);
  const others = Array.from({ length: random.between(3, 30) }, () =>
    Buffer.from(`${phrase(random, random.between(1, 6))}\0`),
  );
  const fillers: Buffer[] = [];
  for (let sum = 0; sum < size * 0.35; sum += fillers.at(-1)!.length) fillers.push(filler(random, bits));
  const data = random.chance(0.8)
    ? random.bytes(random.between(16, Math.max(32, size >> 4)))
    : Buffer.alloc(0);
  const codeSize = entryCode(bits, 0, 0).length;
  const ahead = Buffer.concat(fillers.slice(0, random.below(fillers.length)));
  const behind = Buffer.concat(fillers.slice(random.below(fillers.length)));
  const note = Buffer.concat([word(4), word(20), word(3), Buffer.from("GNU\0"), random.bytes(20)]);

  const parts: Part[] = [
    { name: ".note.gnu.build-id", flags: READ, content: note, offset: 0, address: 0 },
    {
      name: ".text",
      flags: READ | EXEC,
      content: Buffer.alloc(ahead.length + align(codeSize, 16) + behind.length),
      offset: 0,
      address: 0,
    },
    { name: ".rodata", flags: READ, content: Buffer.concat([message, ...others]), offset: 0, address: 0 },
    ...(data.length > 0
      ? [{ name: ".data", flags: READ | WRITE, content: data, offset: 0, address: 0 }]
      : []),
  ];
  const [ehsize, phsize, shsize] = wide ? [64, 56, 64] : [52, 32, 40];
  const segments = parts.length + 2;
  let offset = align(ehsize + phsize * segments, 16);
  parts.forEach((part, index) => {
    if (index > 0) offset = align(offset, PAGE);
    part.offset = offset;
    part.address = base + offset;
    offset += part.content.length;
  });
  const [noteAt, text, rodata] = parts as [Part, Part, Part];
  Buffer.concat([ahead, entryCode(bits, rodata.address, message.length)]).copy(text.content);
  behind.copy(text.content, ahead.length + align(codeSize, 16));

  const strings = `\0${parts.map((part) => part.name).join("\0")}\0.shstrtab\0`;
  const stringsAt = offset;
  const tableSize = shsize * (parts.length + 2);
  let sectionsAt = align(stringsAt + strings.length, bits / 8);
  while (over !== undefined && (sectionsAt + tableSize) % 16 !== over) sectionsAt += bits / 8;
  const file = Buffer.alloc(sectionsAt + tableSize);
  const long = (value: number, at: number) =>
    wide ? file.writeBigUInt64LE(BigInt(value), at) : file.writeUInt32LE(value, at);
  for (const part of parts) part.content.copy(file, part.offset);
  file.write(strings, stringsAt, "latin1");

  file.write("\x7fELF", 0, "latin1");
  file.set([wide ? 2 : 1, 1, 1], 4);
  file.writeUInt16LE(2, 16);
  file.writeUInt16LE(wide ? 62 : 3, 18);
  file.writeUInt32LE(1, 20);
  const entry = text.address + ahead.length;
  const step = wide ? 8 : 4;
  [entry, ehsize, sectionsAt].forEach((value, index) => {
    long(value, 24 + index * step);
  });
  const rest = 24 + 3 * step + 4;
  [ehsize, phsize, segments, shsize, parts.length + 2, parts.length + 1].forEach((value, index) => {
    file.writeUInt16LE(value, rest + index * 2);
  });

  const segment = (
    index: number,
    type: number,
    flags: number,
    at: number,
    address: number,
    length: number,
    alignment: number,
  ) => {
    const place = ehsize + index * phsize;
    file.writeUInt32LE(type, place);
    file.writeUInt32LE(flags, place + (wide ? 4 : 24));
    const values = [at, address, address, length, length];
    values.forEach((value, field) => {
      long(value, place + (wide ? 8 : 4) + field * step);
    });
    long(alignment, place + (wide ? 48 : 28));
  };
  parts.forEach((part, index) => {
    // The first segment carries the headers too, as a linker lays it out.
    const [at, address, length] =
      index === 0
        ? [0, base, part.offset + part.content.length]
        : [part.offset, part.address, part.content.length];
    segment(index, PT_LOAD, part.flags, at, address, length, PAGE);
  });
  segment(parts.length, PT_NOTE, READ, noteAt.offset, noteAt.address, note.length, 4);
  segment(parts.length + 1, PT_GNU_STACK, READ | WRITE, 0, 0, 0, 16);

  [...parts, null].forEach((part, index) => {
    const place = sectionsAt + (index + 1) * shsize;
    const name = part ? part.name : ".shstrtab";
    file.writeUInt32LE(strings.indexOf(`\0${name}\0`) + 1, place);
    file.writeUInt32LE(part ? (part === noteAt ? 7 : 1) : 3, place + 4);
    const flags = part ? 2 | (part.flags & WRITE ? 1 : 0) | (part.flags & EXEC ? 4 : 0) : 0;
    const values = [
      flags,
      part?.address ?? 0,
      part?.offset ?? stringsAt,
      part?.content.length ?? strings.length,
    ];
    values.forEach((value, field) => {
      long(value, place + 8 + field * step);
    });
    long(part ? (part === noteAt ? 4 : 16) : 1, place + (wide ? 48 : 32));
  });
  return file;
}
