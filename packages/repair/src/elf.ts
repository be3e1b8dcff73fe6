/**
 * Whether an ELF file's header and tables lie inside it (System V gABI, "ELF header"). Returns what is wrong, or null.
 * Only what a repair can break is looked at: a decoy may be odd in other ways and still be what it was.
 */
export function elfFault(bytes: Uint8Array): string | null {
  const wide = bytes[4] === 2;
  const headerSize = wide ? 64 : 52;
  if (bytes.length < headerSize) return "the ELF header is cut off";
  if (bytes[4] !== 1 && bytes[4] !== 2) return "the ELF class is unknown";
  if (bytes[5] !== 1 && bytes[5] !== 2) return "the ELF byte order is unknown";
  const little = bytes[5] === 1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (wideAt: number, narrowAt: number) =>
    wide ? Number(view.getBigUint64(wideAt, little)) : view.getUint32(narrowAt, little);
  const half = (wideAt: number, narrowAt: number) => view.getUint16(wide ? wideAt : narrowAt, little);
  const tables = [
    { name: "program header", at: word(0x20, 0x1c), size: half(0x36, 0x2a) * half(0x38, 0x2c) },
    { name: "section header", at: word(0x28, 0x20), size: half(0x3a, 0x2e) * half(0x3c, 0x30) },
  ];
  for (const table of tables) {
    if (table.size > 0 && table.at + table.size > bytes.length)
      return `the ${table.name} table leaves the file`;
  }
  return null;
}

export function isElf(bytes: Uint8Array): boolean {
  return (
    bytes.length >= 6 && bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46
  );
}
