/** Copies of one path that are kept. */
const VERSIONS = 3;
const DAY_MS = 24 * 3600 * 1000;

/**
 * The copies of a path, newest first, that are one too many: the two newest stay, and the newest that is a day old, so that many
 * quick changes do not push the last good content out.
 */
export function outdated<T extends { readonly at: string }>(copies: readonly T[], now: number): T[] {
  if (copies.length <= VERSIONS) return [];
  const rest = copies.slice(VERSIONS - 1);
  const settled = rest.find(({ at }) => Date.parse(at) <= now - DAY_MS) ?? rest[0];
  return rest.filter((each) => each !== settled);
}
