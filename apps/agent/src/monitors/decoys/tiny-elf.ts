/**
 * Writes a small static ELF64 program for x86-64 or AArch64 that prints a line and ends. One read-execute segment, then
 * data that no code uses, so that it has the size of a small tool. Fields: System V ABI, "Object Files" and "Program
 * Loading".
 */
const BASE = 0x400000;
const HEADER = 64;
const PROGRAM_HEADER = 56;

export function tinyElf(message: string, filler: Uint8Array, arch: string = process.arch): Uint8Array {
  const text = Buffer.from(`${message}\n`, "utf8");
  const start = HEADER + PROGRAM_HEADER;
  const measure = code(arch, 0, text.length).length;
  const body = Buffer.concat([code(arch, BASE + start + measure, text.length), text, filler]);
  const header = Buffer.alloc(start);
  header.write("\x7fELF\x02\x01\x01", 0, "latin1");
  header.writeUInt16LE(2, 16); // ET_EXEC
  header.writeUInt16LE(arch === "arm64" ? 183 : 62, 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(BASE + start), 24); // e_entry
  header.writeBigUInt64LE(BigInt(HEADER), 32); // e_phoff
  header.writeUInt16LE(HEADER, 52);
  header.writeUInt16LE(PROGRAM_HEADER, 54);
  header.writeUInt16LE(1, 56);
  header.writeUInt32LE(1, HEADER); // PT_LOAD
  header.writeUInt32LE(5, HEADER + 4); // read, execute
  header.writeBigUInt64LE(BigInt(BASE), HEADER + 16);
  header.writeBigUInt64LE(BigInt(BASE), HEADER + 24);
  header.writeBigUInt64LE(BigInt(start + body.length), HEADER + 32);
  header.writeBigUInt64LE(BigInt(start + body.length), HEADER + 40);
  header.writeBigUInt64LE(0x1000n, HEADER + 48);
  return Buffer.concat([header, body]);
}

/** write(1, address, length); exit(0). */
function code(arch: string, address: number, length: number): Buffer {
  if (arch === "arm64") {
    const move = (register: number, value: number, high = false) =>
      ((high ? 0xf2a00000 : 0xd2800000) | ((value & 0xffff) << 5) | register) >>> 0;
    const words = [
      move(0, 1),
      move(1, address & 0xffff),
      move(1, address >>> 16, true),
      move(2, length),
      move(8, 64),
      0xd4000001,
      move(0, 0),
      move(8, 93),
      0xd4000001,
    ];
    const out = Buffer.alloc(words.length * 4);
    words.forEach((word, index) => {
      out.writeUInt32LE(word, index * 4);
    });
    return out;
  }
  const out = Buffer.from(
    "b801000000" + "bf01000000" + "be00000000" + "ba00000000" + "0f05" + "b83c000000" + "31ff" + "0f05",
    "hex",
  );
  out.writeUInt32LE(address, 11);
  out.writeUInt32LE(length, 16);
  return out;
}
