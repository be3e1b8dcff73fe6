import { gunzipSync, inflateRawSync, inflateSync } from "node:zlib";
import type { Decoding, KeyByte, KeySource } from "@thymus/contracts";
import { evaluateNumber, evaluatePlace, readInteger, type Subject } from "./evaluate.ts";
import { refuse } from "./refuse.ts";
import { chained, combined, looked, rotated, slid, swapped, unshuffled } from "./transforms.ts";

/**
 * Undoes one encoding. Hex and base64 (RFC 4648) may hold white space, nothing else.
 * @throws ThymusError REPAIR_REFUSED where the bytes are not validly encoded, or would be more than `limit`
 */
export function decode(decoding: Decoding, bytes: Uint8Array, subject: Subject, limit: number): Uint8Array {
  switch (decoding.kind) {
    case "xor":
    case "add":
    case "subtract":
      return combined(bytes, keyOf(decoding.key, subject), decoding.kind);
    case "slide":
      return slid(bytes, decoding.by, byteOf(decoding.key, subject), byteOf(decoding.step, subject));
    case "chain":
      return chained(bytes, decoding.by, byteOf(decoding.first, subject), decoding.plus ?? 0);
    case "rotate": {
      const bits = byteOf(decoding.bits, subject);
      if (bits > 7) throw refuse("a byte of the recipe cannot be turned so far");
      return rotated(bytes, bits);
    }
    case "swap":
      return swapped(bytes, decoding.unit);
    case "table":
      return looked(bytes, tableOf(decoding.table, subject), decoding.inverse === true);
    case "inflate":
      return inflated(bytes, decoding.form, limit);
    case "unshuffle":
      return unshuffled(
        bytes,
        decoding.unit,
        orderOf(decoding, subject, bytes.length),
        decoding.inverse === true,
      );
    case "reverse":
      return Uint8Array.from(bytes).reverse();
    case "hex": {
      const digits = withoutSpace(bytes);
      const text = textOf(digits);
      if (digits.length % 2 !== 0 || /[^0-9a-fA-F]/.test(text)) throw refuse("saved bytes are not hex");
      return new Uint8Array(Buffer.from(text, "hex"));
    }
    case "base64":
      return fromBase64(withoutSpace(bytes), decoding.alphabet);
  }
}

const STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PADDING = 0x3d;

/** A table of bytes, no text built letter by letter: an infected file may hold tens of millions of them. */
function fromBase64(letters: Uint8Array, alphabet: string | undefined): Uint8Array {
  let end = letters.length;
  while (end > 0 && letters.length - end < 2 && letters[end - 1] === PADDING) end--;
  const digits = letters.subarray(0, end);
  const standard = alphabet === undefined ? digits : looked(digits, toStandard(alphabet), false);
  const text = textOf(standard);
  if (digits.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(text)) throw refuse("saved bytes are not base64");
  return new Uint8Array(Buffer.from(text, "base64"));
}

/** The standard letter of each of the alphabet's; other bytes become zero, which is no letter. */
function toStandard(alphabet: string): Uint8Array {
  if (new Set(alphabet).size !== STANDARD.length)
    throw refuse("the alphabet of the recipe has a letter twice");
  const table = new Uint8Array(256);
  for (const [i, letter] of [...alphabet].entries()) table[letter.charCodeAt(0)] = STANDARD.charCodeAt(i);
  return table;
}

const inflaters = { raw: inflateRawSync, zlib: inflateSync, gzip: gunzipSync };

/** The stream must be whole, take all of the bytes and stay within the limit: a small one may stand for gigabytes. */
function inflated(bytes: Uint8Array, form: keyof typeof inflaters, limit: number): Uint8Array {
  let result: { buffer: Buffer; engine: { bytesWritten: number } };
  try {
    result = inflaters[form](bytes, { maxOutputLength: Math.max(1, limit), info: true }) as never;
  } catch {
    throw refuse("saved bytes are not deflated, or are too many");
  }
  if (result.engine.bytesWritten !== bytes.length) throw refuse("something stands behind the deflated bytes");
  return new Uint8Array(result.buffer);
}

function keyOf(key: KeySource, subject: Subject): Uint8Array {
  const bytes =
    typeof key === "string" ? new Uint8Array(Buffer.from(key, "hex")) : run(key.at, key.length, subject);
  if (bytes.length === 0) throw refuse("the key of the recipe is empty");
  return bytes;
}

function byteOf(key: KeyByte, subject: Subject): number {
  return typeof key === "number" ? key : run(key.at, 1, subject)[0]!;
}

/** One that holds a byte twice knows not what all bytes stand for, or not which: nothing is given back by it. */
function tableOf(from: Extract<Decoding, { kind: "table" }>["table"], subject: Subject): Uint8Array {
  const table =
    typeof from === "string" ? new Uint8Array(Buffer.from(from, "hex")) : run(from.at, 256, subject);
  if (table.length !== 256) throw refuse("a table of the recipe has not 256 entries");
  if (new Set(table).size !== 256) throw refuse("a table of the recipe holds a byte twice");
  return table;
}

function run(at: Parameters<typeof evaluatePlace>[0], length: number, subject: Subject): Uint8Array {
  const place = evaluatePlace(at, subject);
  if (place.at + length > place.bytes.length) throw refuse("the key of the recipe lies outside the file");
  return place.bytes.subarray(place.at, place.at + length);
}

/** Each of them is a number in memory. */
const MAX_BLOCKS = 1 << 16;

/** Where each block stands in the right order. */
function orderOf(
  { unit, count, order, width, endian }: Extract<Decoding, { kind: "unshuffle" }>,
  subject: Subject,
  size: number,
): number[] {
  const blocks = evaluateNumber(count, subject);
  if (blocks < 0 || blocks * unit > size) throw refuse("there are fewer blocks than the recipe tells");
  if (blocks > MAX_BLOCKS) throw refuse("there are more blocks than a recipe may put in order");
  const { bytes, at } = evaluatePlace(order, subject);
  return Array.from({ length: blocks }, (_, i) =>
    readInteger(bytes, at + i * width, width, endian === "big", false),
  );
}

/** Without blanks, tabs and line breaks. */
function withoutSpace(bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.length);
  let size = 0;
  for (const byte of bytes) {
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d && byte !== 0x0a) result[size++] = byte;
  }
  return result.subarray(0, size);
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
