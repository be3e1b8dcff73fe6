import type { ByteSource } from "@thymus/contracts";
import { decode } from "./decode.ts";
import { evaluateNumber, evaluatePosition, type Subject } from "./evaluate.ts";
import { refuse } from "./refuse.ts";

/** Replacement bytes of a step. @throws ThymusError REPAIR_REFUSED where they do not lie in the file */
export function bytesOf(source: ByteSource, subject: Subject, limit: number): Uint8Array {
  if ("bytes" in source) return new Uint8Array(Buffer.from(source.bytes, "hex"));
  if ("fill" in source) {
    const length = checkedLength(evaluateNumber(source.length, subject), limit);
    return new Uint8Array(length).fill(Number.parseInt(source.fill, 16));
  }
  if ("number" in source) {
    return writeInteger(evaluateNumber(source.number, subject), source.width, source.order === "big");
  }
  const at = evaluatePosition(source.copy, subject);
  const length = checkedLength(evaluateNumber(source.length, subject), subject.bytes.length - at);
  let bytes = subject.bytes.subarray(at, at + length);
  for (const decoding of source.decode ?? []) bytes = decode(decoding, bytes, subject);
  return bytes;
}

/** Two's complement of `width` bytes. @throws ThymusError REPAIR_REFUSED where the value does not fit */
function writeInteger(value: number, width: 1 | 2 | 4 | 8, big: boolean): Uint8Array {
  const result = new Uint8Array(width);
  if (width < 8 && (value >= 2 ** (8 * width) || value < -(2 ** (8 * width - 1)))) {
    throw refuse("a number of the recipe does not fit its field");
  }
  let rest = BigInt.asUintN(8 * width, BigInt(value));
  for (let i = 0; i < width; i++) {
    result[big ? width - 1 - i : i] = Number(rest & 255n);
    rest >>= 8n;
  }
  return result;
}

function checkedLength(length: number, limit: number): number {
  if (length < 0 || length > limit) throw refuse("a length of the recipe lies outside the file");
  return length;
}
