/**
 * What keeps the page below its size, whatever a sample does. Each list has a share in bytes and is cut at its end,
 * which the page says; each text has a greatest length.
 */
import type { Markup } from "./markup.ts";

/** Greatest size of a page in bytes of UTF-8. The shares below leave room for everything that has a fixed size. */
export const MAX_PAGE_BYTES = 1_000_000;

/** Bytes of markup that a section's list may have. */
export const shares = {
  behaviour: 60_000,
  story: 130_000,
  processes: 90_000,
  diffs: 260_000,
  files: 100_000,
  network: 130_000,
  thefts: 30_000,
  runs: 12_000,
  recipe: 50_000,
} as const;

/** As many of the items as fit into `share` bytes, rendered, in order; `left` is how many did not fit. */
export function within<T>(
  share: number,
  items: readonly T[],
  render: (item: T, index: number) => Markup,
): { shown: Markup[]; left: number } {
  const shown: Markup[] = [];
  let room = share;
  for (const [index, item] of items.entries()) {
    const markup = render(item, index);
    room -= Buffer.byteLength(markup.text);
    if (room < 0) break;
    shown.push(markup);
  }
  return { shown, left: items.length - shown.length };
}

/** At most `most` characters, cut at the end. */
export function clip(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most - 1).toWellFormed()}…`;
}

/** At most `most` characters, cut in the middle: both ends of a path tell something. */
export function clipMiddle(text: string, most: number): string {
  if (text.length <= most) return text;
  const tail = Math.ceil(most * 0.6);
  return `${text.slice(0, most - tail - 1)}…${text.slice(-tail)}`;
}
