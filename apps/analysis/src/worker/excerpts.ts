/** What a person wants to see of an infection: for one decoy of each kind, the changed places and what stands around them. Pure. */
import type { DecoyDiff } from "@thymus/contracts";
import type { InfectedPair, InfectionAnalysis } from "../infection/index.ts";

/** Most bytes of one place that are shown. */
const SHOWN = 512;
/** Bytes of the untouched host on each side. */
const CONTEXT = 64;
const MOST_DIFFS = 6;
const MOST_HUNKS = 6;

export function diffsOf(analysis: InfectionAnalysis): DecoyDiff[] {
  const shown: InfectedPair[] = [];
  for (const group of analysis.groups)
    for (const pair of group.pairs)
      if (!shown.some((other) => other.specimen.type === pair.specimen.type)) shown.push(pair);
  return shown.slice(0, MOST_DIFFS).map(({ specimen: { path, type, before, after }, hunks }) => ({
    path,
    type,
    hunks: hunks.slice(0, MOST_HUNKS).map((hunk) => ({
      at: hunk.beforeStart,
      before: hex(before.subarray(Math.max(0, hunk.beforeStart - CONTEXT), hunk.beforeStart)),
      removed: hex(before.subarray(hunk.beforeStart, Math.min(hunk.beforeEnd, hunk.beforeStart + SHOWN))),
      removedLength: hunk.beforeEnd - hunk.beforeStart,
      inserted: hex(after.subarray(hunk.afterStart, Math.min(hunk.afterEnd, hunk.afterStart + SHOWN))),
      insertedLength: hunk.afterEnd - hunk.afterStart,
      after: hex(before.subarray(hunk.beforeEnd, hunk.beforeEnd + CONTEXT)),
    })),
  }));
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
