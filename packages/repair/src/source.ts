import type { ByteSource, Repair } from "@thymus/contracts";
import { decode } from "./decode.ts";
import { evaluateNumber, evaluatePlace, type Subject } from "./evaluate.ts";
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
  return copied(source, subject, limit);
}

/** A run of the file or of a decoded one, decoded. */
function copied(source: Extract<ByteSource, { copy: unknown }>, subject: Subject, limit: number): Uint8Array {
  const { bytes, at } = evaluatePlace(source.copy, subject);
  const length = checkedLength(evaluateNumber(source.length, subject), bytes.length - at);
  let run = bytes.subarray(at, at + length);
  for (const decoding of source.decode ?? []) {
    run = decode(decoding, run, subject, limit);
    if (run.length > limit) throw refuse("the decoded bytes are too many");
  }
  return run;
}

/** The subject with the recipe's decoded runs. @throws ThymusError REPAIR_REFUSED where one cannot be decoded */
export function withDecoded(recipe: Repair, subject: Subject): Subject {
  const decoded: Uint8Array[] = [];
  const whole = { ...subject, decoded };
  let left = growthLimit(subject.bytes.length);
  for (const source of recipe.decoded ?? []) {
    const run = copied(source, whole, left);
    left -= run.length;
    decoded.push(run);
  }
  return whole;
}

/** A repair gives back what was there: the result may outgrow the infected file by this factor at most, up to `MAX_MADE_BYTES`. */
const MAX_GROWTH = 8;
const MAX_GROWTH_BYTES = 1 << 20;
const MAX_MADE_BYTES = 1 << 26;

/**
 * Size in bytes that a result may have at most, and all bytes together that are decoded or filled in for it: eight times the
 * infected file and 1 MiB, but no more than 64 MiB, or than the file where that is larger.
 */
export function growthLimit(size: number): number {
  return Math.max(size, Math.min(size * MAX_GROWTH + MAX_GROWTH_BYTES, MAX_MADE_BYTES));
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
