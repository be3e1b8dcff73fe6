import type { FileType } from "@thymus/contracts";
import type { InfectedPair } from "../infection/analysis.ts";
import type { Hunk } from "../infection/hunk.ts";
import type { SearchMemory } from "../infection/saved.ts";
import { isElf } from "../infection/specimen.ts";

/** One infected decoy with the place of the recipe's anchor. */
export interface Case {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  readonly type: FileType;
  readonly hunks: readonly Hunk[];
  readonly anchor: number;
}

export type Base = "start" | "end" | "anchor";

/** Offsets from a base, inclusive low and exclusive high, that lie inside every file. */
export interface Window {
  readonly from: Base;
  readonly low: number;
  readonly high: number;
}

/** The cases that a recipe is inferred from and where numbers may be read. */
export interface Evidence {
  readonly cases: readonly Case[];
  readonly windows: readonly Window[];
  readonly big: boolean;
  readonly memory: SearchMemory;
}

const REACH = 1 << 14;
const HEAD = 128;
const TAIL = 128;

export function baseOf(each: Case, from: Base): number {
  return from === "start" ? 0 : from === "end" ? each.after.length : each.anchor;
}

export function makeCase(pair: InfectedPair, anchor: number): Case {
  const { before, after } = pair.specimen;
  return { before, after, type: pair.afterType, hunks: pair.hunks, anchor };
}

export function makeEvidence(cases: readonly Case[], memory: SearchMemory): Evidence {
  const around = cases.map((each) => {
    const hunk = each.hunks.find((one) => one.afterStart <= each.anchor && each.anchor < one.afterEnd);
    return {
      low: Math.max(-REACH, (hunk?.afterStart ?? each.anchor) - each.anchor),
      high: Math.min(REACH, (hunk?.afterEnd ?? each.anchor) - each.anchor),
    };
  });
  const shortest = Math.min(...cases.map((each) => each.after.length));
  const elf = cases.every((each) => isElf(each.after));
  return {
    cases,
    memory,
    big: elf && cases[0]?.after[5] === 2,
    windows: [
      {
        from: "anchor",
        low: Math.max(...around.map(({ low }) => low)),
        high: Math.min(...around.map(({ high }) => high)),
      },
      { from: "start", low: 0, high: Math.min(HEAD, shortest) },
      { from: "end", low: -Math.min(TAIL, shortest), high: 0 },
    ],
  };
}

export function allEqual(values: readonly number[]): boolean {
  return values.every((value) => value === values[0]);
}
