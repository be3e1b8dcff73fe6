/** A string is kept as the latin1 text of its bytes, so UTF-16 strings hold a NUL after each character. */
export type Text = string;

/** Shorter runs of printable bytes are mostly chance. */
export const MIN_TEXT = 8;
/** Longer ones are cut: a rule takes no more than a part anyway. */
const MAX_TEXT = 1024;
/** Bound for hostile input. */
const MAX_TEXTS = 200_000;

const PRINTABLE = Uint8Array.from({ length: 256 }, (_, byte) =>
  (byte >= 0x20 && byte < 0x7f) || byte === 0x09 ? 1 : 0,
);

/**
 * The printable strings of a file, ASCII and UTF-16 (little endian), with the offset of their first occurrence. Strings of
 * several lines are parted: a line survives the change of its neighbour.
 */
export function stringsOf(bytes: Uint8Array): Map<Text, number> {
  const found = new Map<Text, number>();
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length;
  for (let at = 0; at < end && found.size < MAX_TEXTS; at++) {
    if (PRINTABLE[bytes[at]!] === 0) continue;
    const start = at;
    while (at < end && PRINTABLE[bytes[at]!] === 1) at++;
    if (at - start >= MIN_TEXT) keep(found, buffer, start, at);
    else if (at - start === 1 && at + 1 < end && bytes[at] === 0) {
      const wideEnd = wideRunEnd(bytes, start);
      if (wideEnd - start >= 2 * MIN_TEXT) {
        keep(found, buffer, start, wideEnd);
        at = wideEnd - 1;
      }
    }
  }
  return found;
}

function keep(found: Map<Text, number>, buffer: Buffer, start: number, end: number): void {
  const text = buffer.toString("latin1", start, Math.min(end, start + MAX_TEXT)).trimEnd();
  if (text.length >= MIN_TEXT && !found.has(text)) found.set(text, start);
}

function wideRunEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at + 1 < bytes.length && PRINTABLE[bytes[at]!] === 1 && bytes[at + 1] === 0) at += 2;
  return at;
}
