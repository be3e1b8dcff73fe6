import type { ScriptPattern } from "@thymus/contracts";

export type Language = ScriptPattern["language"];

/** Longest quoted text, in characters, with the quotes and whatever puts its parts together. */
const MAX_TEXT = 1 << 16;
const MAX_PARTS = 1024;

const NAME = /[A-Za-z_\x80-\xff][\w\x80-\xff]{0,255}/y;
const NUMBER = /0[xX][0-9a-fA-F]{1,16}|\d{1,20}/y;
const BLANKS = /[ \t]*/y;

/** What puts the parts of a text together; null where they simply stand side by side. */
const joints: Record<Language, string | null> = { shell: null, python: "+", node: "+", perl: ".", php: "." };

function take(pattern: RegExp, source: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(source) ? pattern.lastIndex : -1;
}

/** End of the name that begins at `at`, or -1. */
export const nameEnd = (source: string, at: number): number => take(NAME, source, at);

/** End of the number that begins at `at`, or -1. */
export const numberEnd = (source: string, at: number): number => take(NUMBER, source, at);

/** End of the blanks (spaces and tabs) at `at`, which may be none. */
export const blanksEnd = (source: string, at: number): number => take(BLANKS, source, at);

/** Value of a number as it is written; null beyond 2^53. */
export function numberValue(raw: string): number | null {
  const value = Number(raw);
  return Number.isSafeInteger(value) ? value : null;
}

/** A text, with the parts that are added to it, and what they say together (escapes as they stand). */
export function readText(
  source: string,
  at: number,
  language: Language,
): { end: number; value: string } | null {
  let end = quoteEnd(source, at, language);
  if (end < 0) return null;
  const parts = [source.slice(at + 1, end - 1)];
  while (parts.length < MAX_PARTS && end - at < MAX_TEXT) {
    const next = nextPart(source, end, language);
    const close = next < 0 ? -1 : quoteEnd(source, next, language);
    if (close < 0) break;
    parts.push(source.slice(next + 1, close - 1));
    end = close;
  }
  return { end, value: parts.join("") };
}

/** Where the next part of a text begins, or -1. */
function nextPart(source: string, end: number, language: Language): number {
  const joint = joints[language];
  if (joint === null) return end;
  const at = blanksEnd(source, end);
  return source[at] === joint ? blanksEnd(source, at + 1) : -1;
}

/** End of one quoted text on one line, or -1. */
function quoteEnd(source: string, at: number, language: Language): number {
  const quote = source[at];
  if (quote !== '"' && quote !== "'") return -1;
  const escapes = !(language === "shell" && quote === "'");
  const limit = Math.min(source.length, at + MAX_TEXT);
  for (let end = at + 1; end < limit; end++) {
    const char = source[end];
    if (char === "\n") return -1;
    if (char === quote) return end + 1;
    if (char === "\\" && escapes) end++;
  }
  return -1;
}
