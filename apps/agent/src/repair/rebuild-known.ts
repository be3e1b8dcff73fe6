import { rebuild } from "@thymus/repair";
import { knownContents } from "../monitors/baseline.ts";
import type { Database } from "../state/open.ts";

/**
 * The last attempt where no recipe gives a file back: its last content that was self, rebuilt from the infected one by its
 * fingerprint. The result is that content, by its sha256. Older ones are not tried: they would undo what the owner changed.
 */
export async function rebuildKnown(
  db: Database,
  path: string,
  infected: Uint8Array,
  sha256: string,
): Promise<{ repaired: Uint8Array; how: string } | { refused: string }> {
  const known = await knownContents(db, path);
  const last = known.find((content) => content.sha256 !== sha256);
  if (!last?.fingerprint) return { refused: "no fingerprint of a clean content is known" };
  const result = rebuild(last.fingerprint, infected);
  return "rebuilt" in result ? { repaired: result.rebuilt, how: result.how } : result;
}
