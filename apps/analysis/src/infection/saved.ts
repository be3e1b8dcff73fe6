import { occurrences, view } from "./bytes.ts";
import type { Span } from "./hunk.ts";
import { deflated } from "./saved/deflated.ts";
import { chainedBytes, slidingKey } from "./saved/keyed.ts";
import { packedText } from "./saved/packed-text.ts";
import type { Saved } from "./saved/saved.ts";
import { ownAlphabet, substituted } from "./saved/substituted.ts";
import { turned } from "./saved/turned.ts";

export type { Encoding, Saved, Undo } from "./saved/saved.ts";

const KEY_LENGTHS = [1, 2, 4, 8, 16, 3, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 20, 24, 32, 256];
/** After so many bytes a sliding key comes back whatever its step is. */
const SLIDING = 256;
/** Few bytes stand somewhere by chance once they may be backwards and encoded too. */
const MIN_BACKWARDS = 48;
const MIN_COSTLY = 512;
/** Nothing is packed smaller than to this part of its size. */
const MAX_RATIO = 50;
const MAX_PLACES = 16;
/** Shorter or plainer clean bytes fit anywhere by chance once they may be encoded. */
const MIN_ENCODED = 12;
const MIN_DISTINCT = 4;
/** Encoded as text even short bytes are a run that does not stand there by chance. */
const MIN_TEXT = 6;

/** What earlier searches over files of the same infection taught; only speed depends on it, and how long is searched in vain. */
export interface SearchMemory {
  /** Key length that was found last. */
  keyLength: number | null;
  /** Bytes before a deflated host where one was found last. */
  deflatedAfter: number | null;
  /** Costly searches that found nothing since one that did. */
  vain: number;
  /** Searches for a key that found nothing, with none that did. */
  misses: number;
}

export const newMemory = (): SearchMemory => ({ keyLength: null, deflatedAfter: null, vain: 0, misses: 0 });

/** Large files are not searched for keys after so many searches in vain. */
const MAX_MISSES = 5;
const LARGE = 1 << 16;

/** Places (within `spans` of the infected file) that hold `clean`, the plainest encoding first. */
export function findSaved(
  clean: Uint8Array,
  after: Uint8Array,
  spans: readonly Span[],
  memory: SearchMemory = newMemory(),
): Saved[] {
  if (clean.length === 0) return [];
  const plain = search(clean, after, spans).map(
    (at): Saved => ({ at, length: clean.length, encoding: "plain", undo: [] }),
  );
  if (clean.length < MIN_TEXT || new Set(clean.subarray(0, 4096)).size < MIN_DISTINCT) return plain;
  const found: Saved[] = [
    ...plain,
    ...asText(clean, after, spans, "base64"),
    ...asText(clean, after, spans, "hex"),
  ];
  if (clean.length < MIN_ENCODED) return found;
  const probe = Uint8Array.from(clean.subarray(-64)).reverse();
  if (search(probe, after, spans).length > 0) {
    const reversed = Uint8Array.from(clean).reverse();
    for (const at of search(reversed, after, spans))
      found.push({ at, length: clean.length, encoding: "reverse", undo: [{ kind: "reverse" }] });
  }
  if (found.length > 0) return found;
  return coded(clean, after, spans, memory);
}

/** Encoded by a key or a table, or compressed; forwards, then backwards. */
function coded(clean: Uint8Array, after: Uint8Array, spans: readonly Span[], memory: SearchMemory): Saved[] {
  const simple = [...turned(clean, after, spans), ...packedText(clean, after, spans)];
  if (simple.length > 0) return simple;
  const vain = memory.misses >= MAX_MISSES && after.length > LARGE;
  const keyed = vain ? [] : xored(clean, after, spans, memory);
  if (keyed.length > 0 || vain) return keyed;
  if (clean.length < MIN_BACKWARDS) return [];
  const reversed = Uint8Array.from(clean).reverse();
  const chained = chainedBytes(clean, after, spans);
  if (chained.length > 0) return chained;
  const backwards = [...turned(reversed, after, spans), ...xored(reversed, after, spans, memory)];
  if (backwards.length > 0) {
    return backwards.map((each) => ({
      ...each,
      encoding: `reverse+${each.encoding}`,
      undo: [...each.undo, { kind: "reverse" }],
    }));
  }
  const found = costly(clean, after, spans, memory);
  if (found.length === 0) memory.misses++;
  return found;
}

/** Searches that try every place; for what is as large as a host only, and not on and on where nothing comes of them. */
function costly(clean: Uint8Array, after: Uint8Array, spans: readonly Span[], memory: SearchMemory): Saved[] {
  if (clean.length < MIN_COSTLY || memory.vain >= MAX_MISSES) return [];
  const large = spans.filter(({ start, end }) => (end - start) * MAX_RATIO > clean.length);
  for (const search of [substituted, ownAlphabet, deflated]) {
    const found = search(clean, after, large, memory);
    if (found.length === 0) continue;
    memory.vain = 0;
    return found;
  }
  memory.vain++;
  return [];
}

function search(needle: Uint8Array, after: Uint8Array, spans: readonly Span[]): number[] {
  return spans.flatMap(({ start, end }) =>
    occurrences(after.subarray(start, end), needle, MAX_PLACES).map((at) => at + start),
  );
}

/** Hex or base64, which may be broken into lines. */
function asText(
  clean: Uint8Array,
  after: Uint8Array,
  spans: readonly Span[],
  encoding: "hex" | "base64",
): Saved[] {
  // Most files hold no such text: the beginning is looked for before the whole is encoded.
  const head = view(clean.subarray(0, 36)).toString(encoding).replace(/=+$/, "").slice(0, -2);
  const heads = encoding === "hex" ? [head, head.toUpperCase()] : [head];
  if (heads.every((each) => search(Buffer.from(each, "latin1"), after, spans).length === 0)) return [];
  const text = view(clean).toString(encoding);
  const forms = encoding === "hex" ? [text, text.toUpperCase()] : [text.replace(/=+$/, "")];
  const found: Saved[] = [];
  for (const form of new Set(forms)) {
    const wanted = Buffer.from(form, "latin1");
    for (const start of search(wanted.subarray(0, 48), after, spans)) {
      let end = walk(wanted, after, start);
      if (end < 0) continue;
      if (encoding === "base64") end = paddingEnd(after, end, (3 - (clean.length % 3)) % 3);
      found.push({ at: start, length: end - start, encoding, undo: [{ kind: encoding }] });
    }
  }
  return found;
}

/** Padding (RFC 4648) may be left out; a line may break before it. */
function paddingEnd(after: Uint8Array, end: number, expected: number): number {
  let at = end;
  for (let seen = 0; seen < expected; at++) {
    if (after[at] === 0x3d) seen++;
    else if (after[at] !== 0x0a && after[at] !== 0x0d) return end;
  }
  return at;
}

function walk(wanted: Uint8Array, after: Uint8Array, start: number): number {
  let at = start;
  for (const byte of wanted) {
    while (after[at] === 0x0a || after[at] === 0x0d) at++;
    if (after[at] !== byte) return -1;
    at++;
  }
  return at;
}

/**
 * XOR with a repeating key of m bytes leaves the differences x[i] ^ x[i + m] as they are, so the differences of the clean
 * bytes are searched in those of the infected file, without knowing the key.
 */
function xored(clean: Uint8Array, after: Uint8Array, spans: readonly Span[], memory: SearchMemory): Saved[] {
  const known = memory.keyLength;
  const lengths = known === null ? KEY_LENGTHS : [known, ...KEY_LENGTHS.filter((length) => length !== known)];
  for (const length of lengths) {
    if (clean.length < Math.max(MIN_ENCODED, 2 * length + 6)) continue;
    const wanted = lag(clean.subarray(0, length + 256), length);
    if (new Set(wanted).size < MIN_DISTINCT) continue;
    const found: Saved[] = [];
    for (const { start, end } of spans) {
      if (end - start < clean.length) continue;
      for (const at of occurrences(lag(after.subarray(start, end), length), wanted, MAX_PLACES)) {
        const place = start + at;
        if (place + clean.length > end) continue;
        const key = Uint8Array.from({ length }, (_, i) => after[place + i]! ^ clean[i]!);
        if (key.some((byte) => byte !== 0) && fits(clean, after, place, key)) {
          found.push({ at: place, length: clean.length, ...keyedBy(key) });
        }
      }
    }
    if (found.length > 0) {
      memory.keyLength = length;
      memory.misses = 0;
      return found;
    }
  }
  return [];
}

/** A key of 256 bytes is a sliding one or none. */
function keyedBy(key: Uint8Array): Pick<Saved, "encoding" | "undo"> {
  const sliding = key.length === SLIDING ? slidingKey(key) : null;
  if (sliding !== null) return { encoding: "slide", undo: [{ kind: "slide", by: "xor", ...sliding }] };
  return { encoding: "xor", undo: [{ kind: "xor", key }] };
}

function fits(clean: Uint8Array, after: Uint8Array, at: number, key: Uint8Array): boolean {
  for (let i = 0; i < clean.length; i++)
    if ((after[at + i]! ^ key[i % key.length]!) !== clean[i]) return false;
  return true;
}

function lag(bytes: Uint8Array, by: number): Uint8Array {
  const result = new Uint8Array(Math.max(0, bytes.length - by));
  for (let i = 0; i < result.length; i++) result[i] = bytes[i]! ^ bytes[i + by]!;
  return result;
}
