import { rotated, swapped } from "@thymus/repair";
import { equalBytes, occurrences } from "../bytes.ts";
import type { Span } from "../hunk.ts";
import type { Saved, Undo } from "./saved.ts";

const PROBE = 64;
const MAX_PLACES = 16;

/** Bytes whose bits are turned, or whose words stand the other way round. */
export function turned(clean: Uint8Array, after: Uint8Array, spans: readonly Span[]): Saved[] {
  const found: Saved[] = [];
  const look = (encode: (bytes: Uint8Array) => Uint8Array, undo: Undo) => {
    const probe = encode(clean.subarray(0, PROBE));
    let whole: Uint8Array | null = null;
    for (const { start, end } of spans) {
      for (const at of occurrences(after.subarray(start, end), probe, MAX_PLACES)) {
        whole ??= encode(clean);
        if (!equalBytes(after.subarray(start + at, start + at + clean.length), whole)) continue;
        found.push({ at: start + at, length: clean.length, encoding: undo.kind, undo: [undo] });
      }
    }
  };
  for (let bits = 1; bits < 8; bits++) look((bytes) => rotated(bytes, 8 - bits), { kind: "rotate", bits });
  for (const unit of [2, 4, 8] as const) look((bytes) => swapped(bytes, unit), { kind: "swap", unit });
  return found;
}
