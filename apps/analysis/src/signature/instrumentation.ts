import { DRILL_FOLDER, DRILL_MARK } from "@thymus/contracts";
import { occurrences } from "../infection/bytes.ts";
import type { Span } from "../infection/hunk.ts";

/** What exercises carry and no pathogen does; the EICAR test text is kept in two parts so that this file is not one. */
const texts = [DRILL_MARK, DRILL_FOLDER, "EICAR-STANDARD-", "ANTIVIRUS-TEST-FILE"];
const MAX_PLACES = 4096;
/** Blanks, quotes and brackets between a command and its argument. */
const MAX_BETWEEN = 8;

/** Ranges that belong to the exercise, not to the pathogen: whole words, and the helper's argument. */
export function instrumentation(bytes: Uint8Array): Span[] {
  return texts.flatMap((text) =>
    occurrences(bytes, Buffer.from(text, "latin1"), MAX_PLACES).map((start) => {
      let end = start + text.length;
      while (end < bytes.length && isWord(bytes[end]!)) end++;
      if (text === DRILL_FOLDER) end = argumentEnd(bytes, end);
      let from = start;
      while (from > 0 && isWord(bytes[from - 1]!)) from--;
      return { start: from, end };
    }),
  );
}

/** The helper is called with one word, the id of the program: that word belongs to the call. */
function argumentEnd(bytes: Uint8Array, end: number): number {
  let at = end;
  while (at < bytes.length && at - end < MAX_BETWEEN && !isWord(bytes[at]!) && bytes[at] !== 0x0a) at++;
  if (at === end || at - end === MAX_BETWEEN || bytes[at] === 0x0a) return end;
  while (at < bytes.length && isWord(bytes[at]!)) at++;
  return at;
}

/** Characters of a path or a program id. */
function isWord(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    [0x2d, 0x2e, 0x2f, 0x5f].includes(byte)
  );
}

export function touches(spans: readonly Span[], start: number, end: number): boolean {
  return spans.some((span) => span.start < end && span.end > start);
}
