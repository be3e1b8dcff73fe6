import { Repair, type RepairStep } from "@thymus/contracts";
import { viewOf } from "@thymus/repair";
import type { InfectedPair } from "../infection/analysis.ts";
import { view } from "../infection/bytes.ts";
import type { SearchMemory } from "../infection/saved.ts";
import { instrumentation, touches } from "../signature/instrumentation.ts";
import { type Anchor, findMark, sharedRuns } from "./anchor.ts";
import { borderChecks } from "./borders.ts";
import { allEqual, type Case, type Evidence, makeCase, makeEvidence } from "./evidence.ts";
import { wholeWords } from "./fields-in-caves.ts";
import { solvePlace } from "./steps.ts";

const MAX_STEPS = 32;
const CHECK_LENGTH = 64;
const MAX_CHECKS = 6;
const MAX_ALL_CHECKS = 32;

/** A recipe that fits these pairs with this anchor, or why there is none. The pairs have the same shape of change. */
export function inferRecipe(
  pairs: readonly InfectedPair[],
  anchor: Anchor,
  memory: SearchMemory,
): Repair | string {
  const found = pairs.map((pair) => makeCase(pair, findMark(anchor, pair.specimen.after)));
  const count = found[0]!.hunks.length;
  if (found.some((each) => each.anchor < 0 || each.hunks.length !== count))
    return "the changes have different shapes";
  const cases = wholeWords(found);
  const evidence = makeEvidence(cases, memory);
  const steps: RepairStep[] = [];
  const borders: Repair["identify"]["checks"] = [];
  for (let h = 0; h < count; h++) {
    const solved = solvePlace(evidence, h);
    if (typeof solved === "string") return solved;
    steps.push(...solved);
    // Fields of a header are found by what they are; their old values are the hosts'.
    if (cases[0]!.hunks[h]!.region !== undefined) continue;
    const tied = borderChecks(solved, evidence, anchor);
    if (tied === null) return "nothing shows where what would be taken out is the infection's";
    borders.push(...tied);
  }
  if (steps.length === 0 || steps.length > MAX_STEPS)
    return "the infection changes too many places of its hosts";
  const grown = pairs.map(({ specimen }) => specimen.after.length - specimen.before.length);
  const parsed = Repair.safeParse({
    identify: {
      types: [...new Set(pairs.map((pair) => pair.afterType))].sort(),
      anchor: anchor.pattern,
      ...(anchor.view && { view: anchor.view }),
      minSize: Math.max(anchor.pattern.length / 2, ...(allEqual(grown) ? [grown[0]!] : [])),
      checks: [...checksOf(pairs, evidence, anchor), ...borders].slice(0, MAX_ALL_CHECKS),
    },
    steps,
    expect: { types: [...new Set(pairs.map((pair) => pair.specimen.type))].sort(), minSize: 0 },
  });
  return parsed.success ? parsed.data : "the recipe would be too large";
}

/** Constant runs of the body at fixed distances: a file that lacks one is infected in another way. */
function checksOf(
  pairs: readonly InfectedPair[],
  evidence: Evidence,
  anchor: Anchor,
): Repair["identify"]["checks"] {
  const segments = sharedRuns(pairs, anchor.view)
    .filter((run) => run.length >= 16)
    .sort((a, b) => b.length - a.length)
    .slice(0, MAX_CHECKS);
  const runs = segments.flatMap((bytes) => [bytes.subarray(0, CHECK_LENGTH), bytes.subarray(-CHECK_LENGTH)]);
  const files = evidence.cases.map((each) => viewOf(anchor.view, each.after));
  const checks = new Map<number, string>();
  for (const run of runs) {
    // The borders of a run may be equal by chance where a field of the body begins.
    const inner = run.subarray(2, run.length - 2);
    const distance = distanceOf(inner, evidence.cases, files);
    const known = anchor.pattern.includes(view(inner).toString("hex"));
    if (distance === null || known || checks.size === MAX_CHECKS) continue;
    if (touches(instrumentation(inner), 0, inner.length)) continue;
    checks.set(distance, view(inner).toString("hex"));
  }
  return [...checks].map(([plus, bytes]) => ({
    at: { from: "anchor", plus },
    bytes,
    ...(anchor.view && { view: anchor.view }),
  }));
}

/** Distance from the anchor at which the run stands in all files (or views of them), or null. */
function distanceOf(run: Uint8Array, cases: readonly Case[], files: readonly Uint8Array[]): number | null {
  const first = cases[0]!;
  const bytes = view(files[0]!);
  let near = bytes.indexOf(run, Math.max(0, first.anchor - 4096));
  if (near < 0) near = bytes.indexOf(run);
  if (near < 0) return null;
  const distance = near - first.anchor;
  const everywhere = cases.every((each, i) => {
    const at = each.anchor + distance;
    return (
      at >= 0 &&
      view(files[i]!)
        .subarray(at, at + run.length)
        .equals(run)
    );
  });
  return everywhere ? distance : null;
}
