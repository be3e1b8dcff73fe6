/** What a chamber run shows, as plain facts that verdict rules read. Pure. */
import type { ChamberResult } from "../chamber/chamber.ts";
import { emptyWorld } from "../chamber/run/conditions.ts";
import type { ChangedDecoy, DecoyFacts } from "./decoy-facts.ts";
import { findSigns, type Sign, type SignId } from "./signs/index.ts";
import { type RunView, viewRun } from "./view.ts";

export { type ChangedDecoy, matchRenamed } from "./decoy-facts.ts";

export interface Facts extends DecoyFacts {
  readonly dropped: number;
  /** In the order of time. */
  readonly signs: readonly Sign[];
  readonly ended: ChamberResult["ended"];
  readonly exitStatus: number | null;
  readonly traceEvents: number;
  /** Events and exchanges that nobody saw. */
  readonly unseen: number;
}

export function factsOf(view: RunView): Facts {
  const { result } = view;
  return {
    ...view.decoys,
    dropped: result.dropped.length,
    signs: findSigns(view),
    ended: result.ended,
    exitStatus: result.exitStatus,
    traceEvents: result.trace.length,
    unseen: (result.traceLost ?? 0) + (result.networkLost ?? 0),
  };
}

/** Facts of a run about whose world and thefts nothing is known. */
export function gatherFacts(
  result: ChamberResult,
  changed: readonly ChangedDecoy[],
  renamed: ReadonlyMap<string, Uint8Array>,
): Facts {
  const sample = { name: "sample", type: "other", bytes: new Uint8Array() } as const;
  return factsOf(viewRun({ result, world: emptyWorld, thefts: [], changed, renamed, sample }));
}

/** The first sign of one of these kinds that weighs as `harmful`, or null. */
export function signOf(facts: Facts, ...ids: readonly SignId[]): Sign | null {
  return facts.signs.find((sign) => ids.includes(sign.id) && sign.weight === "harmful") ?? null;
}

/** Signs of one of these kinds, whatever their weight. */
export const signsOf = (facts: Facts, ...ids: readonly SignId[]): Sign[] =>
  facts.signs.filter((sign) => ids.includes(sign.id));
