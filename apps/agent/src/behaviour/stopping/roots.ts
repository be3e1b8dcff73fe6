import { chainOf, commonRoot } from "../../processes/lineage.ts";
import type { Known } from "../../processes/table.ts";
import { programOf } from "../programs.ts";

/**
 * From where to stop: the lowest process from which all that did harm descend, and above it those that run the same program (whoever
 * divides its work among processes). Where that may not be stopped (a login shell from which two such programs were started), each of
 * them from below it.
 */
export function rootsToStop(harmful: readonly Known[], mayStop: (known: Known) => boolean): Known[] {
  const common = commonRoot(harmful);
  if (common && mayStop(common)) return [highestAlike(common, mayStop)];
  const roots = new Set<Known>();
  for (const each of harmful) {
    let root: Known | null = null;
    for (const known of chainOf(each)) {
      if (known === common) break;
      if (mayStop(known)) root = known;
      else if (known.ended === null) break;
    }
    if (root) roots.add(root);
  }
  return [...roots];
}

function highestAlike(known: Known, mayStop: (known: Known) => boolean): Known {
  const program = programOf(known.image);
  let root = known;
  for (const above of chainOf(known).slice(1)) {
    if (program === null || programOf(above.image) !== program || !mayStop(above)) break;
    root = above;
  }
  return root;
}
