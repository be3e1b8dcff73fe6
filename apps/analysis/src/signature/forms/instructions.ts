import { createRequire } from "node:module";
import type * as Iced from "iced-x86";

/** One instruction as it counts for a comparison. */
export interface Instruction {
  readonly bytes: Uint8Array;
  /** What it does: the same for each of its encodings. */
  readonly meaning: string;
  /** What kind it is: the same whatever registers, addresses and constants it names. */
  readonly kind: string;
  /** Where in its bytes an address or a constant stands. */
  readonly operands: readonly { readonly at: number; readonly length: number }[];
  /** Bytes of instructions without effect between the one before and this one. */
  readonly idleBefore: number;
}

const MAX_BYTES = 4096;
/** Loaded when first needed: it takes a tenth of a second. */
let library: typeof Iced | null = null;

/** The instructions of x86 code (64 or 32 bits), as iced-x86 decodes them. Where decoding starts beside an instruction it falls into step by itself. */
export function instructionsOf(code: Uint8Array, bits: 64 | 32): Instruction[] {
  library ??= createRequire(import.meta.url)("iced-x86") as typeof Iced;
  const { Decoder, DecoderOptions, Mnemonic } = library;
  const bytes = code.subarray(0, MAX_BYTES);
  const decoder = new Decoder(bits, bytes, DecoderOptions.None);
  const found: Instruction[] = [];
  let at = 0;
  let idleBefore = 0;
  while (decoder.canDecode) {
    const instruction = decoder.decode();
    const raw = bytes.subarray(at, at + instruction.length);
    at += instruction.length;
    if (instruction.mnemonic === Mnemonic.Nop) {
      idleBefore += raw.length;
    } else {
      const offsets = decoder.getConstantOffsets(instruction);
      const operands = [
        { has: offsets.hasDisplacement, at: offsets.displacementOffset, length: offsets.displacementSize },
        { has: offsets.hasImmediate, at: offsets.immediateOffset, length: offsets.immediateSize },
      ].filter(({ has }) => has);
      offsets.free();
      const kind = instruction.isInvalid
        ? "invalid"
        : `${instruction.mnemonic}/${instruction.opCount}/${raw.length}`;
      found.push({ bytes: raw, meaning: formsOf(raw)[0]!, kind, operands, idleBefore });
      idleBefore = 0;
    }
    instruction.free();
  }
  decoder.free();
  return found;
}

/** Opcodes of `op r/m, r` whose twin `op r, r/m` is two higher: add, or, adc, sbb, and, sub, xor, cmp; mov. */
const TWINS = new Set([
  0x00, 0x01, 0x08, 0x09, 0x10, 0x11, 0x18, 0x19, 0x20, 0x21, 0x28, 0x29, 0x30, 0x31, 0x38, 0x39, 0x88, 0x89,
]);

/**
 * Every encoding (as hex) of what an instruction between two registers does, the same list for each of them; the instruction itself
 * for all others. Clearing a register by `xor` or by `sub` counts as the same.
 */
export function formsOf(bytes: Uint8Array): string[] {
  const hex = Buffer.from(bytes).toString("hex").toUpperCase();
  const prefixed = bytes.length === 3 && (bytes[0]! & 0xf0) === 0x40;
  if (bytes.length !== 2 && !prefixed) return [hex];
  const [opcode, modrm] = [bytes.at(-2)!, bytes.at(-1)!];
  const low = TWINS.has(opcode) ? opcode : TWINS.has(opcode - 2) ? opcode - 2 : -1;
  if (low < 0 || modrm < 0xc0) return [hex];
  const rex = prefixed ? bytes[0]! : null;
  const swappedModrm = 0xc0 | ((modrm & 7) << 3) | ((modrm >> 3) & 7);
  const swappedRex = rex === null ? null : (rex & 0xfa) | ((rex & 1) << 2) | ((rex >> 2) & 1);
  const same = swappedModrm === modrm && swappedRex === rex;
  const write = (prefix: number | null, code: number, operand: number) =>
    Buffer.from(prefix === null ? [code, operand] : [prefix, code, operand])
      .toString("hex")
      .toUpperCase();
  const clears = same && [0x28, 0x29, 0x30, 0x31].includes(low);
  const codes = clears ? [low & 1 ? 0x29 : 0x28, low & 1 ? 0x31 : 0x30] : [low];
  const forms = codes.flatMap((code) =>
    opcode === low
      ? [write(rex, code, modrm), write(swappedRex, code + 2, swappedModrm)]
      : [write(rex, code + 2, modrm), write(swappedRex, code, swappedModrm)],
  );
  return [...new Set(forms)].sort();
}
