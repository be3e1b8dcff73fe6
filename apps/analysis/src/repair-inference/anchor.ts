import type { View } from "@thymus/contracts";
import { findPattern, parsePattern, viewOf } from "@thymus/repair";
import type { InfectedPair } from "../infection/analysis.ts";
import { view } from "../infection/bytes.ts";
import { commonSegments } from "../infection/invariant.ts";
import { bodyBytes } from "../infection/pair-infections.ts";
import { instrumentation, touches } from "../signature/instrumentation.ts";
import { viewAnchors, viewSegments } from "./anchor-views.ts";
import { wildAnchors } from "./anchor-wild.ts";

/** What a recipe finds its place by: a pattern in the bytes, or in a view of them. */
export interface Anchor {
  readonly pattern: string;
  readonly view?: View;
}

/** Offset of the first match, or -1. */
export function findMark({ pattern, view }: Anchor, bytes: Uint8Array): number {
  return findPattern(parsePattern(pattern), viewOf(view, bytes));
}

const LENGTH = 32;
const MIN_LENGTH = 10;
const MIN_DISTINCT = 5;
const MAX_ANCHORS = 10;

/**
 * Marks that occur exactly once in each infected file and in no clean one: runs of bytes, `preferred` (the rule's strings) first;
 * where there are none, runs of what bytes differ by; else runs of which some bytes vary.
 */
export function anchorsFor(pairs: readonly InfectedPair[], preferred: readonly Uint8Array[]): Anchor[] {
  const runs = runsFor(pairs, preferred).map((run) => ({ pattern: view(run).toString("hex") }));
  if (runs.length > 0) return runs;
  const views = viewAnchors(pairs).filter((anchor) => isMark(anchor, pairs));
  const found = views.length > 0 ? views : wildAnchors(pairs).filter((anchor) => isMark(anchor, pairs));
  return found.slice(0, MAX_ANCHORS);
}

function isMark(anchor: Anchor, pairs: readonly InfectedPair[]): boolean {
  const pattern = parsePattern(anchor.pattern);
  return pairs.every(({ specimen }) => {
    const after = viewOf(anchor.view, specimen.after);
    const first = findPattern(pattern, after);
    if (first < 0 || findPattern(pattern, after, first + 1) >= 0) return false;
    return findPattern(pattern, viewOf(anchor.view, specimen.before)) < 0;
  });
}

/** Runs that all bodies share, in the bytes or in a view of them. */
export function sharedRuns(pairs: readonly InfectedPair[], of: View | undefined): Uint8Array[] {
  const segments = of === undefined ? commonSegments(pairs.map(bodyBytes)) : viewSegments(pairs, of);
  return segments.map(({ bytes }) => bytes);
}

/** Runs of bytes that are such marks; `preferred` first. */
export function runsFor(pairs: readonly InfectedPair[], preferred: readonly Uint8Array[]): Uint8Array[] {
  const candidates: Uint8Array[] = [...preferred];
  const segments = commonSegments(pairs.map(bodyBytes)).sort((a, b) => b.bytes.length - a.bytes.length);
  const edges = [...segments].sort((a, b) => a.at - b.at);
  for (const segment of new Set([edges[0], edges.at(-1), ...segments.slice(0, 12)])) {
    if (segment !== undefined) candidates.push(...windowsOf(segment.bytes));
  }
  const good: Uint8Array[] = [];
  const seen = new Set<string>();
  for (const candidate of candidates) {
    const key = view(candidate).toString("hex");
    if (seen.has(key) || candidate.length < MIN_LENGTH) continue;
    seen.add(key);
    if (new Set(candidate).size < MIN_DISTINCT || !isUnique(candidate, pairs)) continue;
    good.push(candidate);
    if (good.length === MAX_ANCHORS) break;
  }
  return good;
}

function windowsOf(run: Uint8Array): Uint8Array[] {
  if (run.length <= LENGTH) return clear(run) ? [run] : [];
  const last = run.length - LENGTH;
  const places = [0, last, ...Array.from({ length: 7 }, (_, i) => Math.floor((last * (i + 1)) / 8))];
  return places.map((at) => run.subarray(at, at + LENGTH)).filter(clear);
}

function clear(run: Uint8Array): boolean {
  return !touches(instrumentation(run), 0, run.length);
}

function isUnique(run: Uint8Array, pairs: readonly InfectedPair[]): boolean {
  return pairs.every(({ specimen }) => {
    const after = view(specimen.after);
    const first = after.indexOf(run);
    return first >= 0 && after.indexOf(run, first + 1) < 0 && !view(specimen.before).includes(run);
  });
}
