/** Bytes for eyes: rows of a hex dump, and lines of text where the bytes are text. Pure. */

export const ROW = 16;

export interface HexRow {
  /** Two groups of at most eight bytes each. */
  readonly left: string;
  readonly right: string;
  /** Printable ASCII as it is, everything else as a dot. */
  readonly text: string;
  readonly offset: number;
}

export function hexRows(hex: string, offset: number): HexRow[] {
  const rows: HexRow[] = [];
  for (let at = 0; at < hex.length; at += ROW * 2) {
    const row = hex.slice(at, at + ROW * 2);
    const pairs = row.match(/../g) ?? [];
    rows.push({
      left: pairs.slice(0, 8).join(" "),
      right: pairs.slice(8).join(" "),
      text: Buffer.from(row, "hex")
        .toString("latin1")
        .replace(/[^\x20-\x7e]/g, "."),
      offset: offset + at / 2,
    });
  }
  return rows;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Text of the bytes where nearly all of them are text, else null. A character cut in two at an end is no objection. */
export function readable(hex: string): string | null {
  const bytes = Buffer.from(hex, "hex");
  if (bytes.length === 0) return "";
  const text = decoder.decode(bytes);
  let odd = 0;
  for (const character of text) if (/[^\P{Cc}\n\t\r]|\ufffd/u.test(character)) odd += 1;
  return odd <= 2 + text.length * 0.02 && !bytes.includes(0) ? text : null;
}
