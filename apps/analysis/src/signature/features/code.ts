import { type ConstantOffsets, Decoder, DecoderOptions, Instruction } from "iced-x86";
import type { Structure } from "./structure.ts";

/** Machine code as lower-case hex in which `??` stands for what a linker or another build decides. */
export type CodePattern = string;

const X86_64 = 62;
const I386 = 3;
/** A program's own objects come first, libraries behind them: so much from the start says enough. */
const MAX_BYTES = 512 << 10;
const MIN_BYTES = 24;
const MAX_PATTERN = 40;
const MIN_INSTRUCTIONS = 6;
const MIN_FIXED = 14;
const MIN_VALUES = 9;
/** One place of so many is taken, by its content: the same in every file that holds it. */
const SAMPLE = 16;

/** Whether the processor's instructions can be told apart here. */
export function hasReadableCode(structure: Structure): boolean {
  return structure.machine === X86_64 || structure.machine === I386;
}

/**
 * A sample of a program's code that depends on content alone: sequences of instructions without their addresses, to the offset of
 * their first occurrence. Empty where the processor is another one.
 */
export function codePatternsOf(bytes: Uint8Array, structure: Structure): Map<CodePattern, number> {
  const found = new Map<CodePattern, number>();
  if (!hasReadableCode(structure)) return found;
  const width = structure.machine === X86_64 ? 64 : 32;
  let budget = MAX_BYTES;
  for (const { start, end } of structure.code) {
    if (budget <= 0) break;
    const part = bytes.subarray(start, Math.min(end, start + budget));
    budget -= part.length;
    patternsOfPart(decode(part, width), start, found);
  }
  return found;
}

interface Masked {
  readonly at: number;
  readonly length: number;
  /** Hex of the instruction, with `??`. */
  readonly hex: string;
  readonly isValid: boolean;
}

function decode(part: Uint8Array, width: 32 | 64): Masked[] {
  const decoder = new Decoder(width, part, DecoderOptions.None);
  const instruction = new Instruction();
  const masked: Masked[] = [];
  try {
    while (decoder.canDecode) {
      const at = decoder.position;
      decoder.decodeOut(instruction);
      const length = decoder.position - at;
      const offsets = decoder.getConstantOffsets(instruction);
      masked.push({ at, length, hex: mask(part, at, length, offsets), isValid: !instruction.isInvalid });
      offsets.free();
    }
  } finally {
    instruction.free();
    decoder.free();
  }
  return masked;
}

/** Displacements and immediates of four bytes and more are addresses, mostly; short ones belong to the program. */
function mask(part: Uint8Array, at: number, length: number, offsets: ConstantOffsets): string {
  const hidden = new Set<number>();
  const hide = (offset: number, size: number) => {
    for (let i = 0; i < size; i++) hidden.add(offset + i);
  };
  if (offsets.hasDisplacement && offsets.displacementSize >= 4)
    hide(offsets.displacementOffset, offsets.displacementSize);
  if (offsets.hasImmediate && offsets.immediateSize >= 4)
    hide(offsets.immediateOffset, offsets.immediateSize);
  let hex = "";
  for (let i = 0; i < length; i++) hex += hidden.has(i) ? "??" : part[at + i]!.toString(16).padStart(2, "0");
  return hex;
}

function patternsOfPart(code: readonly Masked[], start: number, found: Map<CodePattern, number>): void {
  for (let first = 0; first + MIN_INSTRUCTIONS <= code.length; first++) {
    if (!isTaken(code, first)) continue;
    let hex = "";
    let count = 0;
    for (let i = first; i < code.length && hex.length < 2 * MIN_BYTES; i++) {
      if (!code[i]!.isValid) break;
      hex += code[i]!.hex;
      count++;
    }
    const pattern = hex.replace(/(\?\?)+$/, "");
    if (count < MIN_INSTRUCTIONS || pattern.length > 2 * MAX_PATTERN || !isVaried(pattern)) continue;
    if (!found.has(pattern)) found.set(pattern, start + code[first]!.at);
  }
}

/** By the first two instructions, so that a file with the same code takes the same places. */
function isTaken(code: readonly Masked[], first: number): boolean {
  let hash = 0;
  for (const char of code[first]!.hex + code[first + 1]!.hex)
    hash = (Math.imul(hash, 31) + char.charCodeAt(0)) | 0;
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash >>> 8) % SAMPLE === 0;
}

/** Enough fixed bytes of different values; an atom to search for is among them. */
function isVaried(pattern: string): boolean {
  const fixed = pattern.match(/../g)?.filter((pair) => pair !== "??") ?? [];
  return fixed.length >= MIN_FIXED && new Set(fixed).size >= MIN_VALUES && /([0-9a-f]{2}){4}/.test(pattern);
}
