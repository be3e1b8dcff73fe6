/** What one run shows: its changed decoys with their bytes, how they were changed, and what all of it means. */
import type { FileType } from "@thymus/contracts";
import { identifyFile } from "@thymus/detection";
import { loadRun } from "../behaviour/load.ts";
import { type Understanding, understand } from "../behaviour/understand.ts";
import { holdsSomething, type InfectionAnalysis, pairInfections, type Specimen } from "../infection/index.ts";
import { findThefts } from "../world/index.ts";
import type { ObservedRun } from "./observe.ts";

export interface Seen {
  readonly run: ObservedRun;
  readonly view: Understanding;
  readonly specimens: readonly Specimen[];
  /** Decoys that were changed (`after` has the bytes) or are gone (`after` is null). */
  readonly touched: readonly TouchedDecoy[];
  readonly analysis: InfectionAnalysis;
}

export interface TouchedDecoy {
  readonly path: string;
  readonly kind: string;
  readonly type: FileType;
  readonly before: Uint8Array;
  readonly after: Uint8Array | null;
}

/** Reads back and understands one run. `sample` is what was run: in the second generation an infected decoy. */
export async function gather(
  run: ObservedRun,
  sample: { readonly name: string; readonly type: FileType; readonly bytes: Uint8Array },
): Promise<Seen> {
  const { result, world, decoys } = run;
  const thefts = findThefts(world, result.trace, result.network, result.published);
  const input = await loadRun({ result, decoys, world, thefts, sample });
  const kinds = new Map(decoys.decoys.map((decoy) => [decoy.path, decoy.kind]));
  const touched = input.changed.map((each) => ({ ...each, kind: kinds.get(each.path) ?? "" }));
  const specimens = touched.flatMap(({ path, kind, type, before, after }) =>
    after ? [{ path, kind, type, before, after, afterType: identifyFile(after, path) }] : [],
  );
  const analysis = pairInfections(specimens.filter(holdsSomething));
  return { run, view: understand(input), specimens, touched, analysis };
}
