/** Copies of one path that are kept. */
const VERSIONS = 3;
const DAY_MS = 24 * 3600 * 1000;

/**
 * Of copies of a path, newest first, the one that quick changes must not push out: the newest that is a day old, or the oldest where
 * none is.
 */
export function settledOf<T extends { readonly at: string }>(
  copies: readonly T[],
  now: number,
): T | undefined {
  return copies.find(({ at }) => Date.parse(at) <= now - DAY_MS) ?? copies.at(-1);
}

/** The copies of a path, newest first, that are one too many: the two newest stay, and of the rest the settled one. */
export function outdated<T extends { readonly at: string }>(copies: readonly T[], now: number): T[] {
  if (copies.length <= VERSIONS) return [];
  const rest = copies.slice(VERSIONS - 1);
  const settled = settledOf(rest, now);
  return rest.filter((each) => each !== settled);
}
