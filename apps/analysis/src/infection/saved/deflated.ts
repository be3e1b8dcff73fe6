import { constants, gunzipSync, inflateRawSync, inflateSync } from "node:zlib";
import { equalBytes } from "../bytes.ts";
import type { Span } from "../hunk.ts";
import type { Saved } from "./saved.ts";

const forms = { raw: inflateRawSync, zlib: inflateSync, gzip: gunzipSync };
type Form = keyof typeof forms;
/** Places that are tried in one span; each costs some microseconds. */
const MAX_PLACES = 6000;
const HEAD = 192;
/** As many clean bytes do not come out of an inflater by chance. */
const PROOF = 12;

/** Clean bytes that were deflated, as a whole. `memory` knows how far behind the start of a span the last one stood. */
export function deflated(
  clean: Uint8Array,
  after: Uint8Array,
  spans: readonly Span[],
  memory: { deflatedAfter: number | null },
): Saved[] {
  for (const { start, end } of spans) {
    const known = memory.deflatedAfter;
    const places = [...(known === null ? [] : [start + known])];
    for (let at = start; at < Math.min(end, start + MAX_PLACES); at++) places.push(at);
    for (const at of places) {
      for (const form of formsOf(after, at)) {
        if (!begins(clean, after.subarray(at, Math.min(end, at + HEAD)), form)) continue;
        const length = lengthOf(clean, after.subarray(at, end), form);
        if (length === null) continue;
        memory.deflatedAfter = at - start;
        return [{ at, length, encoding: "inflate", undo: [{ kind: "inflate", form }] }];
      }
    }
  }
  return [];
}

/** What the first bytes may be the beginning of (RFC 1950 section 2.2, RFC 1951 section 3.2.3, RFC 1952 section 2.3). */
function formsOf(bytes: Uint8Array, at: number): Form[] {
  const [first, second] = [bytes[at]!, bytes[at + 1] ?? 0];
  if (first === 0x1f && second === 0x8b) return ["gzip"];
  const zlib = (first & 15) === 8 && first >> 4 <= 7 && (first * 256 + second) % 31 === 0;
  const raw = (first & 6) === 2 || (first & 6) === 4;
  return [...(zlib ? (["zlib"] as const) : []), ...(raw ? (["raw"] as const) : [])];
}

function begins(clean: Uint8Array, head: Uint8Array, form: Form): boolean {
  try {
    const bytes = forms[form](head, { finishFlush: constants.Z_SYNC_FLUSH });
    const length = Math.min(bytes.length, clean.length);
    return (
      length >= Math.min(PROOF, clean.length) &&
      equalBytes(bytes.subarray(0, length), clean.subarray(0, length))
    );
  } catch {
    return false;
  }
}

/** Bytes that the stream takes, where it gives exactly these clean bytes. */
function lengthOf(clean: Uint8Array, bytes: Uint8Array, form: Form): number | null {
  try {
    const options = { maxOutputLength: clean.length + 1, info: true };
    const { buffer, engine } = forms[form](bytes, options) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    return equalBytes(buffer, clean) ? engine.bytesWritten : null;
  } catch {
    return null;
  }
}
