/** What a person wants to see of an infection: for one decoy of each kind, the changed places. Pure. */
import type { InfectedPair, InfectionAnalysis } from "../infection/index.ts";
import type { Excerpt } from "./protocol.ts";

/** Most bytes of one place that are shown. */
const SHOWN = 512;
const MOST_EXCERPTS = 6;
const MOST_HUNKS = 6;

export function excerptsOf(analysis: InfectionAnalysis): Excerpt[] {
  const shown: InfectedPair[] = [];
  for (const group of analysis.groups)
    for (const pair of group.pairs)
      if (!shown.some((other) => other.specimen.type === pair.specimen.type)) shown.push(pair);
  return shown.slice(0, MOST_EXCERPTS).map(({ specimen, hunks }) => ({
    path: specimen.path,
    type: specimen.type,
    hunks: hunks.slice(0, MOST_HUNKS).map((hunk) => ({
      at: hunk.beforeStart,
      removed: hex(
        specimen.before.subarray(hunk.beforeStart, Math.min(hunk.beforeEnd, hunk.beforeStart + SHOWN)),
      ),
      inserted: hex(
        specimen.after.subarray(hunk.afterStart, Math.min(hunk.afterEnd, hunk.afterStart + SHOWN)),
      ),
      removedLength: hunk.beforeEnd - hunk.beforeStart,
      insertedLength: hunk.afterEnd - hunk.afterStart,
    })),
  }));
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
