import type { Opened } from "./archive/open.ts";

/** Words for a list that may be long. */
export function few(items: readonly string[], most = 6): string {
  const more = items.length - most;
  return more > 0 ? `${items.slice(0, most).join(", ")} and ${more} more` : items.join(", ");
}

/** What opening left out and where it ended, over all archives; empty where everything was taken. */
export function describeLeft(opened: readonly Opened[]): string {
  const counts = new Map<string, number>();
  for (const { tree } of opened)
    for (const [why, count] of tree.left) counts.set(why, (counts.get(why) ?? 0) + count);
  const parts = [...counts].map(([why, count]) => `${count} of its members ${why}`);
  for (const { tree, name } of opened)
    if (tree.cut !== null) parts.push(`${name} was not read to its end: ${tree.cut}`);
  return few(parts, 8).replaceAll(/[\p{Cc}]/gu, "?");
}
