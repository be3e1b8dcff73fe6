import { isElf } from "./elf.ts";
import { refuse } from "./refuse.ts";

/** Where an ELF file says how far from its start something stands (System V gABI); offsets and widths in bytes. */
interface Layout {
  readonly width: 4 | 8;
  readonly headerSize: number;
  /** Of the file header: where the two tables stand, and entry size and count of each. */
  readonly tables: readonly { at: number; size: number; entry: number; count: number; offset: number }[];
}

const wide: Layout = {
  width: 8,
  headerSize: 64,
  tables: [
    { at: 32, size: 56, entry: 54, count: 56, offset: 8 },
    { at: 40, size: 64, entry: 58, count: 60, offset: 24 },
  ],
};
const narrow: Layout = {
  width: 4,
  headerSize: 52,
  tables: [
    { at: 28, size: 32, entry: 42, count: 44, offset: 4 },
    { at: 32, size: 40, entry: 46, count: 48, offset: 16 },
  ],
};

/**
 * An ELF file into which `by` bytes were put at `from`, with all offsets in its header, program headers and section headers as
 * they were before. The bytes that were put in stay where they are.
 * @throws ThymusError REPAIR_REFUSED where the file is no ELF file or its tables lie outside it
 */
export function unshift(bytes: Uint8Array, from: number, by: number): Uint8Array {
  if (!isElf(bytes)) throw refuse("the recipe is for ELF files");
  const layout = bytes[4] === 2 ? wide : narrow;
  const little = bytes[5] === 1;
  if (bytes.length < layout.headerSize) throw refuse("the ELF header is cut off");
  if (by < 0) throw refuse("a length of the recipe lies outside the file");
  const result = Uint8Array.from(bytes);
  const view = new DataView(result.buffer);
  const read = (at: number) =>
    layout.width === 8 ? view.getBigUint64(at, little) : BigInt(view.getUint32(at, little));
  const lower = (at: number) => {
    const value = read(at);
    if (value < BigInt(from + by)) return;
    if (layout.width === 8) view.setBigUint64(at, value - BigInt(by), little);
    else view.setUint32(at, Number(value) - by, little);
  };
  for (const { at, size, entry, count, offset } of layout.tables) {
    const table = Number(read(at));
    const entries = view.getUint16(count, little);
    if (entries > 0 && view.getUint16(entry, little) !== size)
      throw refuse("the tables of the ELF file are not as the recipe knows them");
    if (entries > 0 && (!Number.isSafeInteger(table) || table + entries * size > bytes.length))
      throw refuse("a table of the ELF file lies outside it");
    for (let i = 0; i < entries; i++) lower(table + i * size + offset);
    lower(at);
  }
  return result;
}
