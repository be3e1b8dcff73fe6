/** Counts what a candidate does to infected files: found, given back, or made into something else. */
import type { AnyRepair, FileType } from "@thymus/contracts";
import { repairWith, sameTar } from "@thymus/repair";
import { equalBytes } from "../infection/bytes.ts";

export interface Tally {
  infected: number;
  detected: number;
  /** Byte for byte the clean file. */
  repaired: number;
  /** The clean tar stream of a package in another compression; counted in none of the others. */
  sameTar: number;
  wrong: number;
  refused: number;
}

/** @param pairs files before and after; `type` is that of the infected file, as a machine sees it */
export function tally(
  pairs: Iterable<{ readonly before: Uint8Array; readonly after: Uint8Array; readonly type: FileType }>,
  hits: (bytes: Uint8Array, type: FileType) => boolean,
  repair: readonly AnyRepair[],
): Tally {
  const result = { infected: 0, detected: 0, repaired: 0, sameTar: 0, wrong: 0, refused: 0 };
  for (const { before, after, type } of pairs) {
    result.infected += 1;
    if (hits(after, type)) result.detected += 1;
    const outcome = repairWith(repair, after, type);
    if ("refused" in outcome) result.refused += 1;
    else if (equalBytes(outcome.repaired, before)) result.repaired += 1;
    else if (type === "npm" && sameTar(outcome.repaired, before)) result.sameTar += 1;
    else result.wrong += 1;
  }
  return result;
}
