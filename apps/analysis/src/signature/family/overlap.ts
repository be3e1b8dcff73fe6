/** Bytes of one string that, found in another, make the two one clue. */
const COMMON = 12;

/** Whether two strings hold the same run of bytes: they would stand or fall together. */
export function overlappingTexts(a: string, b: string): boolean {
  const [small, large] = a.length < b.length ? [a, b] : [b, a];
  const size = Math.min(2 * COMMON, small.length);
  for (let at = 0; at + size <= small.length; at += 2) {
    if (large.includes(small.slice(at, at + size))) return true;
  }
  return false;
}
