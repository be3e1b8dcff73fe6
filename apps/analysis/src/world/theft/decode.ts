/** Undoes one layer of the encodings of text that may hide in some bytes. Where the layer begins is not known. */
import { BASE64, DECIMAL, HEX, isHex, joinLines, LOWER32, runs, UPPER32 } from "./runs.ts";

export interface Decoded {
  readonly encoding: string;
  readonly bytes: Buffer;
  /** Where the encoded bytes lie in those that were given. */
  readonly at: number;
  readonly length: number;
  /** Its first byte is the first byte of what was encoded. */
  readonly whole: boolean;
}

/** What 12 bytes come to at least. */
const [SHORTEST_64, SHORTEST_32, SHORTEST_HEX, SHORTEST_PAIRS] = [16, 20, 24, 12];
const SURELY = 96;
/** Bytes around an escape that are decoded with it: longer than any needle. */
const MARGIN = 512;

function* letters(data: Buffer): Generator<Decoded> {
  for (const run of joinLines(data, runs(data, BASE64, SHORTEST_64), BASE64)) {
    const place = { at: run.start, length: run.end - run.start };
    const raw = data.subarray(run.start, run.end);
    const text = run.broken ? raw.toString("latin1").replace(/\s+/g, "") : raw.toString("latin1");
    const clean = run.broken ? Buffer.from(text, "latin1") : raw;
    // A long text of few letters is no base64, which would use them all.
    const few = [HEX, UPPER32, LOWER32].some((flag) => {
      const [one] = clean.length >= SURELY ? runs(clean, flag, clean.length - 2) : [];
      return one !== undefined;
    });
    for (let skip = 0; skip < 4 && !few; skip++)
      yield {
        ...place,
        encoding: "base64",
        bytes: Buffer.from(text.slice(skip), "base64"),
        whole: skip === 0,
      };
    for (const { start, end } of runs(clean, HEX, SHORTEST_HEX))
      for (let skip = 0; skip < 2; skip++)
        yield {
          ...place,
          encoding: "hex",
          bytes: Buffer.from(clean.toString("latin1", start + skip, end), "hex"),
          whole: skip === 0,
        };
    for (const flag of [UPPER32, LOWER32])
      for (const { start, end } of runs(clean, flag, SHORTEST_32))
        for (let skip = 0; skip < 8; skip++)
          yield {
            ...place,
            encoding: "base32",
            bytes: fromBase32(clean, start + skip, end),
            whole: skip === 0,
          };
  }
}

function fromBase32(data: Uint8Array, start: number, end: number): Buffer {
  const out = Buffer.alloc(Math.floor(((end - start) * 5) / 8));
  let [bits, held, length] = [0, 0, 0];
  for (let at = start; at < end; at++) {
    const byte = data[at]!;
    held = ((held << 5) | (byte >= 65 ? (byte & 0x5f) - 65 : byte - 24)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    out[length++] = held >>> bits;
  }
  return out.subarray(0, length);
}

const simple: Readonly<Record<number, number>> = {
  ...{ 34: 34, 92: 92, 47: 47, 39: 39, 98: 8, 102: 12, 110: 10, 114: 13, 116: 9 },
};
const hexAt = (data: Uint8Array, at: number, digits: number): number => {
  for (let digit = 0; digit < digits; digit++) if (!isHex(data[at + digit])) return -1;
  return Number.parseInt(Buffer.from(data.buffer, data.byteOffset + at, digits).toString("latin1"), 16);
};

/** Length of the escape at `at` and the byte that it stands for (null: nothing), or null where it is none. */
type ReadEscape = (
  data: Uint8Array,
  at: number,
) => { readonly length: number; readonly byte: number | null } | null;

const readPercentOrBackslash: ReadEscape = (data, at) => {
  if (data[at] === 37) {
    const byte = hexAt(data, at + 1, 2);
    return byte < 0 ? null : { length: 3, byte };
  }
  const letter = data[at + 1]!;
  if (letter === 117 || letter === 120) {
    const byte = hexAt(data, at + 2, letter === 117 ? 4 : 2);
    return byte < 0 || byte > 255 ? null : { length: letter === 117 ? 6 : 4, byte };
  }
  const byte = simple[letter];
  return byte === undefined ? null : { length: 2, byte };
};

/** RFC 2045, 6.7. */
const readQuotedPrintable: ReadEscape = (data, at) => {
  if (data[at + 1] === 10) return { length: 2, byte: null };
  if (data[at + 1] === 13 && data[at + 2] === 10) return { length: 3, byte: null };
  const byte = hexAt(data, at + 1, 2);
  return byte < 0 ? null : { length: 3, byte };
};

function* escapes(
  data: Buffer,
  encoding: string,
  marks: readonly number[],
  read: ReadEscape,
): Generator<Decoded> {
  const places: number[] = [];
  for (const mark of marks)
    for (let at = data.indexOf(mark); at >= 0; at = data.indexOf(mark, at + 1))
      if (read(data, at)) places.push(at);
  places.sort((a, b) => a - b);
  for (let index = 0; index < places.length; ) {
    const start = Math.max(0, places[index]! - MARGIN);
    let end = places[index]!;
    for (; index < places.length && places[index]! - end <= 2 * MARGIN; index++) end = places[index]!;
    end = Math.min(data.length, end + MARGIN);
    const out = Buffer.alloc(end - start);
    let length = 0;
    for (let at = start; at < end; ) {
      const found = marks.includes(data[at]!) ? read(data, at) : null;
      if (!found) out[length++] = data[at]!;
      else if (found.byte !== null) out[length++] = found.byte;
      at += found?.length ?? 1;
    }
    yield { encoding, bytes: out.subarray(0, length), at: start, length: end - start, whole: start === 0 };
  }
}

const table = (...bytes: number[]) => {
  const marks = new Uint8Array(256);
  for (const byte of bytes) marks[byte] = 1;
  return marks;
};
const separators = table(32, 44, 45, 58, 10);
const zero = table(0);
const latinLead = table(0xc2, 0xc3);

/** Pairs of which one byte of each says nothing: UTF-16, and bytes that were taken for Latin-1 and written as UTF-8. */
function* pairs(
  data: Buffer,
  encoding: string,
  marks: Uint8Array,
  fits: (at: number) => boolean,
  value: (at: number) => number,
): Generator<Decoded> {
  for (let probe = SHORTEST_PAIRS; probe + 1 < data.length; probe += SHORTEST_PAIRS) {
    if (!marks[data[probe]!] && !marks[data[probe + 1]!] && !marks[data[probe + 2]!]) continue;
    for (let first = probe; first < probe + 2; first++) {
      if (!fits(first)) continue;
      let [start, end] = [first, first];
      while (start >= 2 && fits(start - 2)) start -= 2;
      while (end + 1 < data.length && fits(end)) end += 2;
      if (end - start < 2 * SHORTEST_PAIRS) continue;
      const bytes = Buffer.alloc((end - start) / 2);
      for (let at = 0; at < bytes.length; at++) bytes[at] = value(start + 2 * at);
      yield { encoding, bytes, at: start, length: end - start, whole: true };
      probe = end - 1;
      break;
    }
  }
}

/** Longest data in which single letters beyond ASCII are turned back, and how many there must be. */
const [MAX_MIXED, FEWEST_MIXED] = [256 * 1024, 4];

/** Text with bytes beyond ASCII that were taken for Latin-1 and written as UTF-8. */
function* mixed(data: Buffer): Generator<Decoded> {
  if (data.length > MAX_MIXED) return;
  const bytes = Buffer.alloc(data.length);
  let [length, count] = [0, 0];
  for (let at = 0; at < data.length; at++) {
    const pair = (data[at]! & 0xfe) === 0xc2 && at + 1 < data.length && (data[at + 1]! & 0xc0) === 0x80;
    if (pair) count++;
    bytes[length++] = pair ? ((data[at]! & 3) << 6) | (data[++at]! & 0x3f) : data[at]!;
  }
  if (count < FEWEST_MIXED) return;
  yield { encoding: "UTF-8", bytes: bytes.subarray(0, length), at: 0, length: data.length, whole: true };
}

/** Bytes as hexadecimal pairs with something between them, or as a list of decimal numbers. */
function* lists(data: Buffer): Generator<Decoded> {
  const separated = (at: number) => isHex(data[at]) && isHex(data[at + 1]) && separators[data[at + 2]!] === 1;
  for (let probe = 0; probe + 6 < data.length; probe += 18) {
    if (!separators[data[probe]!] && !separators[data[probe + 1]!] && !separators[data[probe + 2]!]) continue;
    for (let first = probe; first < probe + 3; first++) {
      if (!separated(first) || !separated(first + 3)) continue;
      let [start, end] = [first, first];
      while (start >= 3 && separated(start - 3)) start -= 3;
      while (separated(end)) end += 3;
      if (isHex(data[end]) && isHex(data[end + 1])) end += 3;
      if (end - start < 3 * SHORTEST_PAIRS) continue;
      const text = data.toString("latin1", start, end).replace(/[^0-9a-fA-F]/g, "");
      yield { encoding: "hex", bytes: Buffer.from(text, "hex"), at: start, length: end - start, whole: true };
      probe = end;
      break;
    }
  }
  for (const { start, end } of runs(data, DECIMAL, 3 * SHORTEST_PAIRS)) {
    const numbers = data.toString("latin1", start, end).match(/\d+/g) ?? [];
    if (numbers.length < SHORTEST_PAIRS || numbers.some((number) => Number(number) > 255)) continue;
    const bytes = Buffer.from(numbers.map(Number));
    yield { encoding: "list of numbers", bytes, at: start, length: end - start, whole: true };
  }
}

/** Zero letters in a row, at most twice so many, that a wide text under XOR may have where the key is one of its letters. */
const ZERO_LETTERS = 2;

/** A letter of UTF-16 below 256, either byte order; a zero one only where a letter stands near, since zeros alone are no text. */
function isWideLetter(data: Buffer, at: number): boolean {
  if (data[at + 1] !== 0) return false;
  if (data[at] !== 0) return true;
  for (const step of [-2, 2])
    for (let near = at + step, left = ZERO_LETTERS; left > 0 && data[near + 1] === 0; near += step, left--)
      if (data[near] !== 0) return true;
  return false;
}

/** Everything that one layer of text encoding may hide, outermost layer only. */
export function* decodeText(data: Buffer): Generator<Decoded> {
  yield* letters(data);
  yield* escapes(data, "escapes of URL or JSON", [37, 92], readPercentOrBackslash);
  yield* escapes(data, "quoted-printable", [61], readQuotedPrintable);
  yield* pairs(
    data,
    "UTF-16",
    zero,
    (at) => isWideLetter(data, at),
    (at) => data[at]!,
  );
  yield* pairs(
    data,
    "UTF-8",
    latinLead,
    (at) => (data[at]! & 0xfe) === 0xc2 && (data[at + 1]! & 0xc0) === 0x80,
    (at) => ((data[at]! & 3) << 6) | (data[at + 1]! & 0x3f),
  );
  yield* mixed(data);
  yield* lists(data);
}
