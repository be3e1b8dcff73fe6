import type { Span } from "../infection/hunk.ts";
import type { ClauseString } from "./clause.ts";
import type { Self } from "./self.ts";

/** Texts, and the same as UTF-16. */
const TEXTS = /[\x20-\x7e]{6,}|(?:[\x20-\x7e]\0){6,}/g;
const WORDS = /[^\s"'`<>(){}|,;]+/g;

/**
 * Where in these bytes texts stand that a list of what is known to be good names: no rule may rest on them, nor on a part of
 * them. Of a longer text the words that the list names, or the whole where it names none alone.
 */
export function warnedSpans(bytes: Uint8Array, self: Pick<Self, "warned">): Span[] {
  if (self.warned === undefined) return [];
  const isWarned = (text: string) => self.warned!(text.replaceAll("\0", "")) !== null;
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  return [...all.matchAll(TEXTS)].flatMap(({ 0: text, index }) => {
    if (!isWarned(text)) return [];
    const words = [...text.matchAll(WORDS)].filter(([word]) => isWarned(word));
    if (words.length === 0) return [{ start: index, end: index + text.length }];
    return words.map((word) => ({ start: index + word.index, end: index + word.index + word[0].length }));
  });
}

/** Whether a string of a clause holds a text that a list names. */
export function isWarned({ text, bytes, runs }: ClauseString, self: Pick<Self, "warned">): boolean {
  if (self.warned === undefined) return false;
  const all = bytes === undefined ? (runs?.flat() ?? [Buffer.from(text, "latin1")]) : [bytes];
  return all.some((run) => warnedSpans(run, self).length > 0);
}
