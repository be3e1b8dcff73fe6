import { concat, fromText, u16, u32, u64 } from "../bytes.ts";
import { machineBytes } from "../payload/machine.ts";
import { phrase } from "../payload/words.ts";
import { randomBytes, seeded } from "../random.ts";

const page = 4096;

interface Part {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly at: number;
  readonly bytes: Uint8Array;
}

/**
 * A well-formed ELF64 program: headers and notes, code, then data on pages of their own, a section table at the end.
 * `codeSize` and `dataSize` are in bytes; `textSize` of the words that the program would show.
 */
export function elfHost(seed: string, codeSize: number, dataSize: number, textSize: number): Uint8Array {
  const random = seeded(`host ${seed}`);
  const note = concat(u32(4), u32(20), u32(3), fromText("GNU\0"), randomBytes(random, 20));
  const codeAt = page;
  const dataAt = codeAt + Math.ceil((codeSize + textSize + 200) / page) * page;
  const words = fromText(`${phrase(random, textSize)} `.slice(0, textSize));
  const data = concat(randomBytes(random, dataSize - 700), new Uint8Array(600), randomBytes(random, 100));
  const dynamic = concat(...[21, 0, 30, 8, 0, 0].map(u64));
  const dynamicAt = dataAt + 16;
  const parts: Part[] = [
    { name: "", type: 0, flags: 0, at: 0, bytes: new Uint8Array(0) },
    { name: ".note.gnu.build-id", type: 7, flags: 2, at: 400, bytes: note },
    { name: ".text", type: 1, flags: 6, at: codeAt, bytes: machineBytes(random, codeSize) },
    { name: ".rodata", type: 1, flags: 2, at: codeAt + codeSize, bytes: words },
    { name: ".init_array", type: 14, flags: 3, at: dataAt, bytes: u64(codeAt + 64) },
    { name: ".dynamic", type: 6, flags: 3, at: dynamicAt, bytes: dynamic },
    { name: ".data", type: 1, flags: 3, at: dynamicAt + dynamic.length, bytes: data },
  ];
  const dataEnd = dynamicAt + dynamic.length + data.length;
  const comment = fromText("Compiler: (Builder 12.2.0-14) 12.2.0\0");
  parts.push({ name: ".comment", type: 1, flags: 0x30, at: dataEnd, bytes: comment });
  const names = [...parts.map(({ name }) => name), ".shstrtab"];
  const nameBytes = fromText(`${names.join("\0")}\0`);
  const namesAt = dataEnd + comment.length;
  parts.push({ name: ".shstrtab", type: 3, flags: 0, at: namesAt, bytes: nameBytes });
  const tableAt = Math.ceil((namesAt + nameBytes.length) / 8) * 8;

  const segments = [
    segment(1, 4, 0, 1024, page),
    segment(1, 5, codeAt, codeSize + textSize, page),
    segment(1, 6, dataAt, dataEnd - dataAt, page),
    segment(2, 6, dynamicAt, dynamic.length, 8),
    segment(4, 4, 400, note.length, 4),
  ];
  const header = concat(
    Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    u16(3),
    u16(62),
    u32(1),
    u64(codeAt + 32),
    u64(64),
    u64(tableAt),
    u32(0),
    ...[64, 56, segments.length, 64, parts.length, parts.length - 1].map(u16),
  );
  let nameAt = 0;
  const table = parts.map(({ name, type, flags, at, bytes }) => {
    const values = [flags, flags & 2 ? at : 0, at, bytes.length].map(u64);
    const entry = concat(u32(nameAt), u32(type), ...values, u64(0), u64(1), u64(0));
    nameAt += name.length + 1;
    return entry;
  });
  const file = new Uint8Array(tableAt + table.length * 64);
  file.set(concat(header, ...segments), 0);
  for (const { at, bytes } of parts) if (bytes.length > 0) file.set(bytes, at);
  file.set(concat(...table), tableAt);
  return file;
}

function segment(type: number, flags: number, at: number, size: number, align: number): Uint8Array {
  return concat(u32(type), u32(flags), ...[at, at, at, size, size, align].map(u64));
}
