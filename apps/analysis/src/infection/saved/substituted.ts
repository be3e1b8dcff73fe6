import { view } from "../bytes.ts";
import type { Span } from "../hunk.ts";
import type { Saved } from "./saved.ts";

/** With less a table is not known, and anything fits one. */
const MIN_CLEAN = 512;
const MIN_DISTINCT = 40;
/** Places that are tried: what stands beside the host is small. */
const MAX_PLACES = 1 << 15;

/** Each byte replaced by a table of this file. */
export function substituted(clean: Uint8Array, after: Uint8Array, spans: readonly Span[]): Saved[] {
  if (clean.length < MIN_CLEAN || new Set(clean).size < MIN_DISTINCT) return [];
  return places(clean, after, spans).map(({ at, codes }): Saved => {
    // Zero for the bytes that the host does not have: a recipe needs a table that is whole.
    const table = new Uint8Array(256);
    for (const [plain, code] of codes.entries()) if (code >= 0) table[code] = plain;
    return { at, length: clean.length, encoding: "table", undo: [{ kind: "table", table }] };
  });
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Base64 whose 64 letters are others, or the same in another order. */
export function ownAlphabet(clean: Uint8Array, after: Uint8Array, spans: readonly Span[]): Saved[] {
  if (clean.length < MIN_CLEAN) return [];
  const padded = view(clean).toString("base64");
  const text = padded.replace(/=+$/, "");
  return places(Buffer.from(text, "latin1"), after, spans).flatMap(({ at, codes }): Saved[] => {
    const letters = [...LETTERS].map((letter) => codes[letter.charCodeAt(0)]!);
    if (letters.some((code) => code < 0x21 || code > 0x7e)) return [];
    const alphabet = String.fromCharCode(...letters);
    const padding = view(after.subarray(at + text.length, at + padded.length)).toString("latin1");
    const length = /^=+$/.test(padding) ? padded.length : text.length;
    return [{ at, length, encoding: "base64", undo: [{ kind: "base64", alphabet }] }];
  });
}

/** Where these bytes stand under a one-to-one table, with the code of each byte, or -1. */
function places(clean: Uint8Array, after: Uint8Array, spans: readonly Span[]) {
  const found: { at: number; codes: Int16Array }[] = [];
  for (const { start, end } of spans) {
    const last = Math.min(end - clean.length, start + MAX_PLACES);
    for (let at = start; at <= last; at++) {
      const codes = tableAt(clean, after, at);
      if (codes !== null) found.push({ at, codes });
    }
  }
  return found;
}

function tableAt(clean: Uint8Array, after: Uint8Array, at: number): Int16Array | null {
  const codes = new Int16Array(256).fill(-1);
  const plains = new Int16Array(256).fill(-1);
  for (let i = 0; i < clean.length; i++) {
    const [plain, code] = [clean[i]!, after[at + i]!];
    if (codes[plain] === -1 && plains[code] === -1) {
      codes[plain] = code;
      plains[code] = plain;
    } else if (codes[plain] !== code) return null;
  }
  return codes;
}
