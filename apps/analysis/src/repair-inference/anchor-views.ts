import type { View } from "@thymus/contracts";
import { viewOf } from "@thymus/repair";
import type { InfectedPair } from "../infection/analysis.ts";
import { view as buffer } from "../infection/bytes.ts";
import { commonSegments, type Segment } from "../infection/invariant.ts";
import { bodyBytes } from "../infection/pair-infections.ts";

const LAGS = [1, 4, 8, 2, 16, 3, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 20, 24, 32, 256];
const LENGTH = 32;
const MIN_DISTINCT = 8;
/** Of a longer body only the beginning is compared. */
const MAX_PART = 1 << 14;
const PLACES = 6;

/** Runs that are the same in all bodies once each byte is compared with one a key's length on; the view that shows most first. */
export function viewAnchors(pairs: readonly InfectedPair[]): { pattern: string; view: View }[] {
  const bodies = pairs.reduce((sum, pair) => sum + pair.bodies.length, 0);
  if (bodies === 0) return [];
  const found = LAGS.flatMap((lag) =>
    (["xor", "difference"] as const).flatMap((of) => {
      const view: View = { of, lag };
      const runs = viewSegments(pairs, view).filter(({ bytes }) => bytes.length >= LENGTH && varied(bytes));
      const size = runs.reduce((sum, { bytes }) => sum + bytes.length, 0);
      return size === 0 ? [] : [{ view, runs, size }];
    }),
  );
  return found
    .sort((a, b) => b.size - a.size)
    .flatMap(({ view, runs }) =>
      runs
        .sort((a, b) => b.bytes.length - a.bytes.length)
        .flatMap(({ bytes }) => windowsOf(bytes))
        .slice(0, PLACES)
        .map((run) => ({ pattern: buffer(run).toString("hex"), view })),
    );
}

/** Runs of a view that all bodies share. */
export function viewSegments(pairs: readonly InfectedPair[], view: View): Segment[] {
  return commonSegments(
    pairs.map((pair) => bodyBytes(pair).map((part) => viewOf(view, part.subarray(0, MAX_PART)))),
  );
}

const varied = (run: Uint8Array) => new Set(run).size >= MIN_DISTINCT;

function windowsOf(run: Uint8Array): Uint8Array[] {
  const last = run.length - LENGTH;
  return [0, last, last >> 1, last >> 2].map((at) => run.subarray(at, at + LENGTH)).filter(varied);
}
