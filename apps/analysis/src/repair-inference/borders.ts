import type { PositionExpr, Repair, RepairStep } from "@thymus/contracts";
import { evaluateNumber, evaluatePosition } from "@thymus/repair";
import { view } from "../infection/bytes.ts";
import { commonSegments } from "../infection/invariant.ts";
import type { Anchor } from "./anchor.ts";
import { commonHex } from "./common-hex.ts";
import { allEqual, type Evidence } from "./evidence.ts";
import { shifted } from "./positions.ts";

type Check = Repair["identify"]["checks"][number];

const BORDER = 16;
const MIN_CONSTANT = 4;
const MIN_DISTINCT = 3;
const ANCHOR_BYTES = 16;

/**
 * Checks that a step takes out what the infection brought and nothing else: the bytes inside both borders of what it removes,
 * and the anchor's distance, where these are the same in every case. A recipe that was made from files with the infection in
 * one place refuses those that have it in another. Null where nothing ties a cut to the infection.
 */
export function borderChecks(
  steps: readonly RepairStep[],
  evidence: Evidence,
  anchor: Anchor,
): Check[] | null {
  const checks: Check[] = [];
  for (const step of steps) {
    if (step.op === "insert" || step.op === "strip" || step.op === "lines") continue;
    const spans = evidence.cases.map((each) => spanOf(step, { bytes: each.after, anchor: each.anchor }));
    const inside = spans.map(({ start, end }, i) => evidence.cases[i]!.after.subarray(start, end));
    const head = borderCheck(
      step.at,
      inside.map((bytes) => bytes.subarray(0, BORDER)),
    );
    const distance = anchorCheck(
      step.at,
      spans.map(({ start }, i) => evidence.cases[i]!.anchor - start),
      anchor,
    );
    const tail = tailCheck(
      step,
      inside.map((bytes) => bytes.subarray(-BORDER)),
    );
    const ends =
      tail === null && step.op === "cut" && typeof step.length === "number"
        ? endCheck(evidence, anchor, spans)
        : null;
    const tied = head !== null || distance !== null || found(step.at);
    const behind = tied || step.op !== "truncate" ? [] : runChecks(step.at, inside);
    if (!tied && step.op !== "put" && behind.length === 0) return null;
    const own = [head, distance, tail, ends].filter((check) => check !== null);
    checks.push(...own, ...behind);
  }
  return checks;
}

/** Whether the place is told by the infection's own bytes: its anchor, a number that it wrote, something that is sought. */
function found({ from, plus }: PositionExpr): boolean {
  return from === "anchor" || (typeof plus !== "number" && !("size" in plus));
}

function spanOf(
  step: Exclude<RepairStep, { op: "insert" | "strip" | "lines" }>,
  subject: { bytes: Uint8Array; anchor: number },
) {
  const start = evaluatePosition(step.at, subject);
  if (step.op === "truncate") return { start, end: subject.bytes.length };
  if (step.op === "cut") return { start, end: start + evaluateNumber(step.length, subject) };
  return { start, end: start + (putLength(step) ?? 0) };
}

/** Length of a put in bytes where the recipe itself says it. */
function putLength(step: Extract<RepairStep, { op: "put" }>): number | null {
  const { from } = step;
  if ("bytes" in from) return from.bytes.length / 2;
  if ("number" in from) return from.width;
  return typeof from.length === "number" ? from.length : null;
}

function borderCheck(at: PositionExpr, edges: readonly Uint8Array[]): Check | null {
  const bytes = commonPattern(edges);
  return bytes === null ? null : { at, bytes };
}

function tailCheck(
  step: Exclude<RepairStep, { op: "insert" | "strip" | "lines" }>,
  edges: readonly Uint8Array[],
): Check | null {
  const shortest = Math.min(...edges.map((edge) => edge.length));
  const bytes = commonPattern(edges.map((edge) => edge.subarray(edge.length - shortest)));
  if (bytes === null) return null;
  if (step.op === "truncate") return { at: { from: "end", plus: -shortest }, bytes };
  const length = step.op === "cut" ? step.length : putLength(step);
  if (length === null) return null;
  if (typeof length === "number") return { at: shifted(step.at, length - shortest), bytes };
  return { at: { from: step.at.from, plus: { sum: [step.at.plus, length, -shortest] } }, bytes };
}

function anchorCheck(at: PositionExpr, distances: readonly number[], anchor: Anchor): Check | null {
  if (at.from === "anchor" || !allEqual(distances)) return null;
  return {
    at: shifted(at, distances[0]!),
    bytes:
      anchor.view || anchor.pattern.includes("?")
        ? anchor.pattern
        : anchor.pattern.slice(0, 2 * ANCHOR_BYTES),
    ...(anchor.view && { view: anchor.view }),
  };
}

/**
 * What is taken out ends the file, where it does so in all cases and nothing else shows its end: files may have grown alike by chance.
 */
function endCheck(
  { cases }: Evidence,
  anchor: Anchor,
  spans: readonly { readonly end: number }[],
): Check | null {
  const distances = cases.map((each) => each.anchor - each.after.length);
  if (!allEqual(distances) || cases.some((each, i) => spans[i]!.end !== each.after.length)) return null;
  return {
    at: { from: "end", plus: distances[0]! },
    bytes: anchor.pattern,
    ...(anchor.view && { view: anchor.view }),
  };
}

const MIN_RUN = 24;
const MAX_RUNS = 16;
/** Part of what is taken out that the runs must be: then little else can be in it. */
const COVERED = 0.5;

/** Constant runs that stand somewhere behind a place, in whatever order; none where they are too little of what is there. */
function runChecks(at: PositionExpr, inside: readonly Uint8Array[]): Check[] {
  const runs = commonSegments(inside.map((bytes) => [bytes]))
    .map(({ bytes }) => bytes)
    .filter((bytes) => bytes.length >= MIN_RUN)
    .sort((a, b) => b.length - a.length)
    .slice(0, MAX_RUNS);
  const covered = runs.reduce((sum, run) => sum + run.length, 0);
  if (covered < COVERED * Math.max(...inside.map((bytes) => bytes.length))) return [];
  return runs.map((run) => {
    const bytes = view(run).toString("hex");
    return { at: { from: at.from, plus: { sum: [at.plus, { seek: bytes, at }] } }, bytes };
  });
}

/** Null where what is the same says too little. */
function commonPattern(edges: readonly Uint8Array[]): string | null {
  const { hex, constant } = commonHex(edges);
  return constant.length >= MIN_CONSTANT && new Set(constant).size >= MIN_DISTINCT ? hex : null;
}
