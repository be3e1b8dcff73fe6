import type { Mechanism } from "@thymus/contracts";
import type { z } from "zod";
import { entropy } from "./bytes.ts";
import { type Hunk, hunkKind, type Span } from "./hunk.ts";
import { findSaved, type Saved, type SearchMemory } from "./saved.ts";

export type MechanismName = z.infer<typeof Mechanism>;

/** What became of the host's content. `kept`: all in place; `moved`/`encoded`: elsewhere in the file; `lost`: gone. */
export type HostState = "kept" | "moved" | "encoded" | "lost";

export interface Reading {
  readonly mechanism: MechanismName;
  readonly host: HostState;
  /** What the infection brought: changed places without the host's own bytes. */
  readonly bodies: readonly Span[];
}

/** Shorter changes are links into the body (an entry point, a size), not bodies. */
const MIN_BODY = 8;
const MIN_CLEAN = 16;

/** Reads one edit script: where the body lies, what it did to the host. */
export function readHost(
  hunks: readonly Hunk[],
  before: Uint8Array,
  after: Uint8Array,
  memory: SearchMemory,
): Reading {
  const spans = hunks
    .filter((hunk) => hunk.afterEnd > hunk.afterStart)
    .map((hunk) => ({ start: hunk.afterStart, end: hunk.afterEnd }));
  let host: HostState = "kept";
  const savedSpans: Span[] = [];
  const states = new Map<Hunk, HostState>();
  for (const hunk of hunks) {
    const clean = before.subarray(hunk.beforeStart, hunk.beforeEnd);
    if (hunk.region !== undefined || clean.length < MIN_CLEAN || isPadding(clean)) continue;
    const saved = findSaved(clean, after, spans, memory);
    const state = stateOf(saved);
    states.set(hunk, state);
    if (rank(state) > rank(host)) host = state;
    for (const place of saved) savedSpans.push({ start: place.at, end: place.at + place.length });
  }
  const bodies = hunks
    .filter((hunk) => hunk.region === undefined)
    .flatMap((hunk) => without({ start: hunk.afterStart, end: hunk.afterEnd }, savedSpans))
    .filter((span) => span.end - span.start >= MIN_BODY);
  return { mechanism: mechanismOf(hunks, bodies, states, before, after), host, bodies };
}

function stateOf(saved: readonly Saved[]): HostState {
  if (saved.length === 0) return "lost";
  return saved.some((place) => place.encoding === "plain") ? "moved" : "encoded";
}

const rank = (state: HostState) => ["kept", "moved", "encoded", "lost"].indexOf(state);

function mechanismOf(
  hunks: readonly Hunk[],
  bodies: readonly Span[],
  states: ReadonlyMap<Hunk, HostState>,
  before: Uint8Array,
  after: Uint8Array,
): MechanismName {
  const found = new Set<MechanismName>();
  for (const hunk of hunks) {
    const holdsBody = bodies.some((body) => body.start >= hunk.afterStart && body.end <= hunk.afterEnd);
    if (hunk.region !== undefined || !holdsBody) continue;
    found.add(hunkMechanism(hunk, states.get(hunk), before, after));
  }
  if (found.size === 0) {
    // Nothing of a body's size: what was put in tells it all the same.
    for (const hunk of hunks)
      if (hunk.region === undefined && hunkKind(hunk) === "insert")
        found.add(hunkMechanism(hunk, undefined, before, after));
  }
  if (found.size > 1) return "mixed";
  return [...found][0] ?? (isEncoded(hunks, before, after) ? "encode" : "overwrite");
}

function hunkMechanism(
  hunk: Hunk,
  state: HostState | undefined,
  before: Uint8Array,
  after: Uint8Array,
): MechanismName {
  const clean = before.subarray(hunk.beforeStart, hunk.beforeEnd);
  const front = hunk.afterStart === 0;
  const back = hunk.afterEnd === after.length;
  if (hunkKind(hunk) === "insert") return front ? "prepend" : back ? "append" : "insert";
  if (clean.length > 0 && isPadding(clean)) return "cavity";
  if (clean.length >= before.length / 2 && (state === "encoded" || isEncoded([hunk], before, after)))
    return "encode";
  if (state === "moved" || state === "encoded") return front ? "prepend" : back ? "append" : "insert";
  return "overwrite";
}

/** Most of the host is gone and what stands there looks random although the host did not. */
function isEncoded(hunks: readonly Hunk[], before: Uint8Array, after: Uint8Array): boolean {
  const changed = hunks.reduce((sum, hunk) => sum + hunk.beforeEnd - hunk.beforeStart, 0);
  if (changed < before.length / 2 || before.length < 64) return false;
  const [clean, now] = [entropy(before), entropy(after)];
  const ceiling = Math.min(8, Math.log2(after.length));
  const comparable = after.length > before.length * 0.5 && after.length < before.length * 2.2 + 4096;
  return comparable && now - clean > 0.8 && now > ceiling * 0.8;
}

/** Filler that a linker or an editor leaves: one value over and over. */
export function isPadding(bytes: Uint8Array): boolean {
  return bytes.length > 0 && bytes.every((byte) => byte === bytes[0]);
}

function without(span: Span, holes: readonly Span[]): Span[] {
  let left: Span[] = [span];
  for (const hole of holes) {
    left = left.flatMap((each) => {
      if (hole.end <= each.start || hole.start >= each.end) return [each];
      return [
        { start: each.start, end: hole.start },
        { start: hole.end, end: each.end },
      ].filter((part) => part.end > part.start);
    });
  }
  return left;
}
