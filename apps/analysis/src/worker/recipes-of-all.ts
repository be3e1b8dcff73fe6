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
  const pairs = pairsOf(specimens);
  let best: { recipes: AnyRepair[]; repaired: number } = { recipes: [], repaired: 0 };
  for (const recipes of [[...inferred], distinct([...inferred, ...known]), distinct(known)]) {
    if (recipes.length > MAX_RECIPES) continue;
    const { repaired, wrong } = tally(pairs, () => false, recipes);
    if (wrong === 0 && repaired > best.repaired) best = { recipes, repaired };
  }
  return best.recipes;
}

/** The same with each of these that fits in and spoils nothing. */
export function withStanding(
  best: readonly AnyRepair[],
  standing: readonly AnyRepair[],
  specimens: readonly Specimen[],
): AnyRepair[] {
  const pairs = pairsOf(specimens);
  const { repaired } = tally(pairs, () => false, best);
  let all = distinct(best);
  for (const recipe of distinct(standing)) {
    const more = distinct([...all, recipe]);
    if (more.length === all.length || more.length > MAX_RECIPES) continue;
    const now = tally(pairs, () => false, more);
    if (now.wrong === 0 && now.repaired >= repaired) all = more;
  }
  return all;
}

const pairsOf = (specimens: readonly Specimen[]) =>
  specimens.map(({ path, before, after }) => ({
    ...{ before, after },
    type: identifyFile(after, basename(path)),
  }));

function distinct(recipes: readonly AnyRepair[]): AnyRepair[] {
  return [...new Map(recipes.map((each) => [JSON.stringify(each), each])).values()];
}
