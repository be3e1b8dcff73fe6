import type { InfectedPair } from "../infection/analysis.ts";
import { view } from "../infection/bytes.ts";
import { commonSegments } from "../infection/invariant.ts";
import { bodyBytes } from "../infection/pair-infections.ts";
import { instrumentation, touches } from "../signature/instrumentation.ts";

const LENGTH = 32;
const MIN_LENGTH = 10;
const MIN_DISTINCT = 5;
const MAX_ANCHORS = 10;

/** Runs that occur exactly once in each infected file and in no clean one; `preferred` (the rule's strings) first. */
export function anchorsFor(pairs: readonly InfectedPair[], preferred: readonly Uint8Array[]): Uint8Array[] {
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
