/** Looks for needles in bytes through layers of encoding. Pure; bounded in depth, in bytes and in attempts. */
import { type Decoded, decodeText } from "./decode.ts";
import { type Attempts, unpackMarked, unpackWhole } from "./inflate.ts";
import { makePatterns, rot13 } from "./patterns.ts";
import { PatternSearch, SHORTEST } from "./search.ts";

/** Layers that are undone. */
const MAX_DEPTH = 3;
/** Bytes that one hunter looks through beside those that it is given, and attempts to unpack. */
const [MAX_DECODED, MAX_ATTEMPTS] = [192 * 1024 * 1024, 8000];
/** Longest data that are also looked through as a whole under ROT13, reversed or under XOR. */
const MAX_TURNED = 1024 * 1024;
/** Longest decoded data in which a compressed stream under XOR is looked for. */
const MAX_KEYED = 64 * 1024;

export interface Find {
  /** Index of the needle. */
  readonly needle: number;
  /** Layers, outermost first; empty for the needle as it is. */
  readonly encodings: readonly string[];
  /** About where in the given bytes; exact where nothing had to be undone. */
  readonly at: number;
  readonly length: number;
}

interface Place {
  readonly start: number;
  /** Bytes of the given data per byte of these. */
  readonly scale: number;
}

/** What a hunter needs of the needles, made once: it takes longer than most hunts. */
export const searchFor = (needles: readonly string[]): PatternSearch =>
  new PatternSearch(makePatterns(needles));

export class Hunter {
  readonly #search: PatternSearch;
  #bytes = MAX_DECODED;
  readonly #attempts: Attempts = { left: MAX_ATTEMPTS };

  constructor(search: PatternSearch) {
    this.#search = search;
  }

  /** Whether a limit ended a hunt early, so that something may have been missed. */
  get exhausted(): boolean {
    return this.#bytes <= 0 || this.#attempts.left <= 0;
  }

  /**
   * Needles in the data, each once for its first place.
   * @param whole the data are a body or a part of one, so that they may be one compressed stream
   */
  hunt(data: Uint8Array, whole: boolean): Find[] {
    const finds = new Map<number, Find>();
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    this.#visit(bytes, whole, [], { start: 0, scale: 1 }, finds);
    return [...finds.values()];
  }

  #visit(
    data: Buffer,
    whole: boolean,
    layers: readonly string[],
    place: Place,
    finds: Map<number, Find>,
  ): void {
    this.#search.search(data, ({ pattern, at, key }) => {
      const before = finds.get(pattern.needle);
      if (before && before.encodings.length <= layers.length) return;
      const own = [
        ...(key === 0 ? [] : [`XOR with ${key}`]),
        ...(pattern.encoding === "" ? [] : [pattern.encoding]),
      ];
      const start = Math.floor(place.start + at * place.scale);
      const length = Math.ceil(pattern.bytes.length * place.scale);
      finds.set(pattern.needle, {
        needle: pattern.needle,
        encodings: [...layers, ...own],
        at: start,
        length,
      });
    });
    if (layers.length >= MAX_DEPTH) return;
    for (const decoded of this.#layers(data, whole, layers.length)) {
      if (decoded.bytes.length < SHORTEST) continue;
      this.#bytes -= decoded.bytes.length;
      if (this.#bytes <= 0) return;
      const scale = (place.scale * decoded.length) / decoded.bytes.length;
      const inner = { start: place.start + decoded.at * place.scale, scale };
      this.#visit(decoded.bytes, decoded.whole, [...layers, decoded.encoding], inner, finds);
    }
  }

  *#layers(data: Buffer, whole: boolean, depth: number): Generator<Decoded> {
    yield* decodeText(data);
    yield* unpackMarked(data, this.#attempts, depth === 0 || data.length < MAX_KEYED);
    if (whole) yield* unpackWhole(data, this.#attempts);
    if (depth === 0) yield* turned(data);
  }
}

/** Letters, digits and what else stands in texts. */
const textual = new Uint8Array(256);
for (let byte = 32; byte < 127; byte++) textual[byte] = 1;
for (const byte of [9, 10, 13]) textual[byte] = 1;

/** The data as a whole under what keeps their length. */
function* turned(data: Buffer): Generator<Decoded> {
  if (data.length > MAX_TURNED) return;
  const place = { at: 0, length: data.length, whole: false };
  yield { ...place, encoding: "ROT13", bytes: rot13(data) };
  yield { ...place, encoding: "reversed text", bytes: Buffer.from(data).reverse() };
  const key = likelyKey(data);
  if (key === 0) return;
  const bytes = Buffer.from(data);
  for (let at = 0; at < bytes.length; at++) bytes[at]! ^= key;
  yield { ...place, encoding: `XOR with ${key}`, bytes };
}

/** The key under which data that are no text become one; 0 where there is none. */
function likelyKey(data: Buffer): number {
  const counts = new Uint32Array(256);
  for (const byte of data) counts[byte]!++;
  const share = (key: number) => {
    let sum = 0;
    for (let byte = 0; byte < 256; byte++) if (textual[byte ^ key]) sum += counts[byte]!;
    return sum / data.length;
  };
  if (share(0) > 0.97) return 0;
  // Of several keys the one under which lower-case letters are commonest.
  let [best, most] = [0, 0];
  for (let key = 1; key < 256; key++) {
    if (share(key) < 0.99) continue;
    let lower = 0;
    for (let byte = 97; byte < 123; byte++) lower += counts[byte ^ key]!;
    if (lower > most) [best, most] = [key, lower];
  }
  return best;
}
