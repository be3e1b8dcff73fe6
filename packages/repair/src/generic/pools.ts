import { gunzipSync, inflateRawSync, inflateSync } from "node:zlib";
import { decodeKeyed, keysOf } from "./keys.ts";
import { Pool } from "./puzzle.ts";

const MIN_TEXT = 12;
const MAX_RUNS = 64;
/** Bytes between two lines of one encoded text: a line break, a comment sign, quotes. */
const MAX_GAP = 8;

/**
 * What spans of the infected file decode to, the likeliest first. Each is where clean blocks may stand; none is believed
 * without their checksums.
 */
export function* poolsOf(spans: readonly Uint8Array[], maxBytes: number): Generator<Pool> {
  const texts = [...textPools(spans)];
  yield* texts;
  for (const pool of [...inflatedPools(spans, maxBytes)]) {
    yield pool;
    yield* textPools([pool.bytes]);
  }
  for (const text of texts) {
    for (const inner of inflatedPools([text.bytes], maxBytes)) yield named(inner, text);
    yield named(new Pool(Uint8Array.from(text.bytes).reverse(), "reverse"), text);
  }
  for (const span of spans) {
    yield* shuffled(span);
    for (const key of keysOf(span)) yield new Pool(decodeKeyed(span, key), nameOf(key.op, key.step));
  }
  for (const text of texts) {
    for (const key of keysOf(text.bytes))
      yield named(new Pool(decodeKeyed(text.bytes, key), nameOf(key.op, key.step)), text);
  }
  const joined = Buffer.concat(spans.slice(0, 4096));
  yield* byteKeys(joined);
  for (const text of texts) for (const inner of byteKeys(text.bytes)) yield named(inner, text);
  yield* slidingKeys(joined);
}

const nameOf = (op: string, step: number) => (step === 0 ? op : `sliding ${op}`);
const named = (inner: Pool, outer: Pool) => new Pool(inner.bytes, `${inner.name} in ${outer.name}`);

/** Hex and base64 (RFC 4648), in one piece or in lines. */
function* textPools(spans: readonly Uint8Array[]): Generator<Pool> {
  for (const span of spans) {
    const text = Buffer.from(span.buffer, span.byteOffset, span.byteLength).toString("latin1");
    for (const run of runsOf(text, /[0-9a-fA-F]+/g))
      for (const phase of [0, 1])
        yield new Pool(Buffer.from(run.slice(phase, run.length - ((run.length - phase) % 2)), "hex"), "hex");
    for (const run of runsOf(text, /[A-Za-z0-9+/]+/g))
      for (const phase of [0, 1, 2, 3]) {
        const bytes = Buffer.from(run.slice(phase), "base64");
        if (bytes.length > 0) yield new Pool(bytes, "base64");
      }
  }
}

/** Runs of an alphabet, and neighbouring ones joined as the lines of one text. */
function runsOf(text: string, alphabet: RegExp): string[] {
  const runs: { at: number; text: string }[] = [];
  for (const match of text.matchAll(alphabet)) {
    if (match[0].length >= MIN_TEXT) runs.push({ at: match.index, text: match[0] });
    if (runs.length >= MAX_RUNS * 64) break;
  }
  const joined: string[] = [];
  let lines: string[] = [];
  let end = -1;
  const flush = () => {
    if (lines.length > 1) joined.push(lines.join(""));
    lines = [];
  };
  for (const run of runs) {
    if (end >= 0 && run.at - end > MAX_GAP) flush();
    // A last line is shorter than the others and may be less than a run of its own.
    lines.push(run.text);
    end = run.at + run.text.length;
    const rest = /^[^A-Za-z0-9+/]{1,8}([A-Za-z0-9+/]{1,11})=*(?![A-Za-z0-9+/])/.exec(
      text.slice(end, end + 32),
    );
    if (rest !== null && !runs.some(({ at }) => at === end + rest[0].indexOf(rest[1]!)))
      joined.push([...lines, rest[1]!].join(""));
  }
  flush();
  return [...joined, ...runs.map((run) => run.text).sort((a, b) => b.length - a.length)].slice(0, MAX_RUNS);
}

const MAX_STREAMS = 64;
const MIN_INFLATED = 16;

/** Compressed streams (RFC 1950, 1952), wherever their headers stand; raw ones (RFC 1951) at the beginning of a span. */
function* inflatedPools(spans: readonly Uint8Array[], maxBytes: number): Generator<Pool> {
  let tried = 0;
  for (const span of spans) {
    for (let at = 0; at + 6 <= span.length && tried < MAX_STREAMS; at++) {
      const zlib = (span[at]! & 0x8f) === 0x08 && ((span[at]! << 8) | span[at + 1]!) % 31 === 0;
      const gzip = span[at] === 0x1f && span[at + 1] === 0x8b && span[at + 2] === 8;
      if (!zlib && !gzip && at > 0) continue;
      tried++;
      const bytes = inflated(
        span.subarray(at),
        gzip ? gunzipSync : zlib ? inflateSync : inflateRawSync,
        maxBytes,
      );
      if (bytes !== null) yield new Pool(bytes, gzip ? "gzip" : zlib ? "zlib" : "deflate");
    }
  }
}

function inflated(bytes: Uint8Array, by: typeof inflateSync, maxBytes: number): Uint8Array | null {
  try {
    // What follows the stream is the infection's own.
    const out = by(bytes, { maxOutputLength: maxBytes, finishFlush: 2 });
    return out.length >= MIN_INFLATED ? out : null;
  } catch {
    return null;
  }
}

/** Bytes in another order, or turned each by itself. */
function* shuffled(span: Uint8Array): Generator<Pool> {
  yield new Pool(Uint8Array.from(span).reverse(), "reverse");
  for (const width of [2, 4, 8]) {
    for (let phase = 0; phase < width && phase < span.length; phase++)
      yield new Pool(swapped(span.subarray(phase), width), "byte-swap");
  }
  for (let bits = 1; bits < 8; bits++)
    yield new Pool(
      span.map((byte) => (byte << bits) | (byte >> (8 - bits))),
      "rot",
    );
  yield new Pool(
    span.map((byte, i) => byte ^ (i === 0 ? 0 : span[i - 1]!)),
    "chained xor",
  );
  yield new Pool(
    span.map((byte, i) => byte - (i === 0 ? 0 : span[i - 1]!)),
    "chained add",
  );
}

function swapped(span: Uint8Array, width: number): Uint8Array {
  const out = Uint8Array.from(span);
  for (let at = 0; at + width <= out.length; at += width) out.subarray(at, at + width).reverse();
  return out;
}

/** Every key of one byte. */
function* byteKeys(bytes: Uint8Array): Generator<Pool> {
  for (let key = 1; key < 256; key++) {
    yield new Pool(
      bytes.map((byte) => byte ^ key),
      "xor",
    );
    yield new Pool(
      bytes.map((byte) => byte - key),
      "add",
    );
  }
}

const SMALL = 4096;

/** Keys of one byte that grow or shrink by one with each byte. */
function* slidingKeys(bytes: Uint8Array): Generator<Pool> {
  if (bytes.length > SMALL) return;
  for (const step of [1, 255])
    for (let key = 0; key < 256; key++)
      yield new Pool(decodeKeyed(bytes, { op: "xor", key: Uint8Array.of(key), step, at: 0 }), "sliding xor");
}
