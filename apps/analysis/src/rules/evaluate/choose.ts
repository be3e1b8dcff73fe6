/** Which goodware the slower looks are taken at: some of each size, always the same. */
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";

export interface Chosen {
  readonly path: string;
  readonly bytes: Buffer;
}

/**
 * Reads files in an order that depends on their paths alone, those of `first` before others, until the limits are met. What
 * cannot be read, and what is larger than an eighth of all, is passed over.
 */
export function chooseFiles(
  paths: readonly string[],
  limits: { readonly files: number; readonly bytes: number },
  first: readonly string[] = [],
): Chosen[] {
  const key = (path: string) => createHash("sha256").update(path).digest("hex");
  const shuffled = paths.map((path) => ({ path, key: key(path) })).sort((a, b) => (a.key < b.key ? -1 : 1));
  const chosen = new Map<string, Chosen>();
  let bytes = 0;
  for (const path of [...first, ...shuffled.map((each) => each.path)]) {
    if (chosen.size >= limits.files || bytes >= limits.bytes) break;
    if (chosen.has(path)) continue;
    try {
      const { size } = statSync(path);
      if (size === 0 || size > Math.min(limits.bytes / 8, limits.bytes - bytes)) continue;
      const content = readFileSync(path);
      bytes += content.length;
      chosen.set(path, { path, bytes: content });
    } catch {
      // Gone since self was learned.
    }
  }
  return [...chosen.values()];
}
