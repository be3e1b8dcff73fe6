import { viewOf } from "@thymus/repair";
import { occurrences } from "../bytes.ts";
import type { Span } from "../hunk.ts";
import type { Saved } from "./saved.ts";

/** First key and step of a key that grows, where these 256 bytes are one. */
export function slidingKey(key: Uint8Array): { key: number; step: number } | null {
  const step = (key[1]! - key[0]!) & 255;
  for (let i = 1; i < key.length; i++) if (((key[i]! - key[i - 1]!) & 255) !== step) return null;
  return step === 0 ? null : { key: key[0]!, step };
}

const PROBE = 256;
const MAX_PLACES = 16;

/** Each byte encoded with the encoded one before it: the differences of the encoded bytes are the clean ones, plus a constant. */
export function chainedBytes(clean: Uint8Array, after: Uint8Array, spans: readonly Span[]): Saved[] {
  const found: Saved[] = [];
  const head = clean.subarray(0, PROBE);
  for (const { start, end } of spans) {
    const bytes = after.subarray(start, end);
    const xor = viewOf({ of: "xor", lag: 1 }, bytes);
    for (const at of occurrences(xor, clean, MAX_PLACES)) {
      const undo = { kind: "chain", by: "xor", first: bytes[at]!, plus: 0 } as const;
      found.push({ at: start + at + 1, length: clean.length, encoding: "chain", undo: [undo] });
    }
    const difference = viewOf({ of: "difference", lag: 1 }, bytes);
    const wanted = viewOf({ of: "difference", lag: 1 }, head);
    for (const at of occurrences(viewOf({ of: "difference", lag: 1 }, difference), wanted, MAX_PLACES)) {
      const plus = (clean[0]! - difference[at]!) & 255;
      if (at + clean.length > difference.length) continue;
      if (!clean.every((byte, i) => ((difference[at + i]! + plus) & 255) === byte)) continue;
      const undo = { kind: "chain", by: "subtract", first: bytes[at]!, plus } as const;
      found.push({ at: start + at + 1, length: clean.length, encoding: "chain", undo: [undo] });
    }
  }
  return found;
}
