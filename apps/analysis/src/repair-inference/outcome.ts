import type { Repair } from "@thymus/contracts";
import { applyRepair } from "@thymus/repair";
import type { InfectedPair } from "../infection/analysis.ts";
import { equalBytes } from "../infection/bytes.ts";

/** What a recipe makes of a file whose clean content is known. */
export function outcome(recipe: Repair, pair: InfectedPair): "right" | "wrong" | "refused" {
  try {
    const repaired = applyRepair(recipe, pair.specimen.after, pair.afterType);
    return equalBytes(repaired, pair.specimen.before) ? "right" : "wrong";
  } catch {
    return "refused";
  }
}
