/** What decides how a program can be a decoy. */
export interface ElfFacts {
  readonly bits: 32 | 64;
  /** Needs no interpreter (dynamic loader). */
  readonly static: boolean;
}

const PT_INTERP = 3;
const [ET_EXEC, ET_DYN] = [2, 3];
const [EM_386, EM_X86_64] = [3, 62];

/** Facts of a little-endian x86 program, or null for anything else. Never throws. */
export function describeElf(bytes: Uint8Array): ElfFacts | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 64 || view.getUint32(0, false) !== 0x7f454c46 || bytes[5] !== 1) return null;
  const bits = bytes[4] === 2 ? 64 : bytes[4] === 1 ? 32 : null;
  const machine = view.getUint16(18, true);
  if (bits === null || machine !== (bits === 64 ? EM_X86_64 : EM_386)) return null;
  if (![ET_EXEC, ET_DYN].includes(view.getUint16(16, true))) return null;
  const table = bits === 64 ? Number(view.getBigUint64(32, true)) : view.getUint32(28, true);
  const size = view.getUint16(bits === 64 ? 54 : 42, true);
  const count = view.getUint16(bits === 64 ? 56 : 44, true);
  if (size < 32 || table + size * count > bytes.length) return null;
  for (let index = 0; index < count; index++)
    if (view.getUint32(table + index * size, true) === PT_INTERP) return { bits, static: false };
  return { bits, static: true };
}
