import type { PositionExpr, Repair } from "@thymus/contracts";
import { unshift } from "@thymus/repair";
import type { InfectedPair } from "../infection/analysis.ts";
import { equalBytes, view } from "../infection/bytes.ts";
import { diffBytes } from "../infection/diff.ts";
import { elfRegions } from "../infection/regions.ts";
import { isElf, type Specimen } from "../infection/specimen.ts";

/**
 * Programs into which bytes were put and whose tables were corrected for that, with the corrections taken back: what is left of
 * the change has the same shape in all of them, however many entries their tables have. Empty where there are none.
 */
export function unshiftedSpecimens(pairs: readonly InfectedPair[]): Specimen[] {
  return pairs.flatMap(({ specimen, afterType }) => {
    const after = unshiftedBytes(specimen);
    return after === null ? [] : [{ ...specimen, after, afterType }];
  });
}

/** The recipe with the correction that one of its cuts is of; one for each cut. */
export function withUnshift(recipe: Repair): Repair[] {
  return recipe.steps.flatMap((step): Repair[] => {
    if (step.op !== "cut") return [];
    const from: PositionExpr = step.at;
    return [{ ...recipe, unshift: { from, by: step.length } }];
  });
}

function unshiftedBytes({ before, after }: Specimen): Uint8Array | null {
  if (!isElf(before) || !isElf(after) || after.length <= before.length) return null;
  if (before[4] !== after[4] || before[4] !== 2 || before[5] !== 1) return null;
  const moved = movedBy(before, after);
  if (moved === null) return null;
  try {
    const result = unshift(after, moved.from, moved.by);
    return !equalBytes(result, after) && inserts(before, result, moved.by) ? result : null;
  } catch {
    return null;
  }
}

/** Whether so many bytes stand in one place of the file that the clean one does not have. */
function inserts(before: Uint8Array, after: Uint8Array, by: number): boolean {
  return diffBytes(before, after).some(
    (hunk) => hunk.afterEnd - hunk.afterStart - (hunk.beforeEnd - hunk.beforeStart) === by,
  );
}

/** By how much the tables say that things moved, and the first offset that did; null unless all moved alike. */
function movedBy(before: Uint8Array, after: Uint8Array): { from: number; by: number } | null {
  const [clean, now] = [offsetsOf(before), offsetsOf(after)];
  if (clean === null || now === null || clean.length !== now.length) return null;
  let by = 0;
  let from = Number.POSITIVE_INFINITY;
  let still = 0;
  for (const [i, offset] of clean.entries()) {
    const distance = now[i]! - offset;
    if (distance === 0) {
      still = Math.max(still, offset);
      continue;
    }
    if (distance < 0 || (by !== 0 && distance !== by)) return null;
    by = distance;
    from = Math.min(from, offset);
  }
  return by > 0 && still < from ? { from, by } : null;
}

/** All offsets of an ELF64 file's header and tables, in order (System V gABI). */
function offsetsOf(bytes: Uint8Array): number[] | null {
  const file = view(bytes);
  const read = (at: number) => Number(file.readBigUInt64LE(at));
  const tables = [read(32), read(40)];
  const regions = elfRegions(bytes);
  const entries = (kind: "phdr" | "shdr", at: number) =>
    regions.filter((region) => region.kind === kind).map(({ start }) => read(start + at));
  const found = [...tables, ...entries("phdr", 8), ...entries("shdr", 24)];
  return found.every(Number.isSafeInteger) ? found : null;
}
