import { concat, patched, readU16, readU64, u64 } from "../bytes.ts";
import { field, phdrSize, shdrSize } from "./image.ts";

/**
 * Moves what the headers say of everything from offset `from` on by `by` bytes, in a file that has not got or no longer
 * has these bytes. `back` undoes it.
 */
function shiftOffsets(file: Uint8Array, from: number, by: number, back: boolean): Uint8Array {
  const move = (offset: number) =>
    back ? (offset >= from + by ? offset - by : offset) : offset >= from ? offset + by : offset;
  const tableAt = (at: number) => (back ? move(readU64(file, at)) : readU64(file, at));
  const fields: number[] = [field.phoff, field.shoff];
  const [phdrs, shdrs] = [tableAt(field.phoff), tableAt(field.shoff)];
  for (let i = 0; i < readU16(file, 56); i++) fields.push(phdrs + i * phdrSize + 8);
  for (let i = 0; i < readU16(file, field.shnum); i++) fields.push(shdrs + i * shdrSize + 24);
  return patched(file, ...fields.map((at) => [at, u64(move(readU64(file, at)))] as const));
}

export function insertShifted(host: Uint8Array, from: number, inserted: Uint8Array): Uint8Array {
  const moved = shiftOffsets(host, from, inserted.length, false);
  return concat(moved.slice(0, from), inserted, moved.slice(from));
}

export function removeShifted(infected: Uint8Array, from: number, length: number): Uint8Array {
  return shiftOffsets(concat(infected.slice(0, from), infected.slice(from + length)), from, length, true);
}
