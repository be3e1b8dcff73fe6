/** Which recipes a general prescription carries: those that give most back, and nothing wrong. */
import { basename } from "node:path";
import type { AnyRepair } from "@thymus/contracts";
import { identifyFile } from "@thymus/detection";
import type { Specimen } from "../infection/index.ts";
import { tally } from "../proof/tally.ts";

const MAX_RECIPES = 16;

/** @param inferred from all of them at once @param known each sample's own: kept where they give more back */
export function bestRecipes(
  inferred: readonly AnyRepair[],
  known: readonly AnyRepair[],
  specimens: readonly Specimen[],
): AnyRepair[] {
  const pairs = specimens.map(({ path, before, after }) => ({
    ...{ before, after },
    type: identifyFile(after, basename(path)),
  }));
  let best: { recipes: AnyRepair[]; repaired: number } = { recipes: [], repaired: 0 };
  for (const recipes of [[...inferred], distinct([...inferred, ...known]), distinct(known)]) {
    if (recipes.length > MAX_RECIPES) continue;
    const { repaired, wrong } = tally(pairs, () => false, recipes);
    if (wrong === 0 && repaired > best.repaired) best = { recipes, repaired };
  }
  return best.recipes;
}

function distinct(recipes: readonly AnyRepair[]): AnyRepair[] {
  return [...new Map(recipes.map((each) => [JSON.stringify(each), each])).values()];
}
