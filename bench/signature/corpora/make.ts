import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "@thymus/store";
import { makeFamilies } from "./make-families.ts";
import { makeGoodware } from "./make-goodware.ts";
import { makeTools } from "./make-tools.ts";
import { formatRecipe, parseRecipe, type Recipe } from "./recipe.ts";

const folder = join(import.meta.dirname, "recipes");

export type RecipeName = "families" | "goodware" | "tools";

export function readRecipe(name: RecipeName): Recipe {
  return parseRecipe(readFileSync(join(folder, `${name}.txt`), "utf8"));
}

/** Makes the recipes anew from today's indexes of the archive. Done once; what is measured is what they say. */
export async function makeRecipes(data: string, say: (line: string) => void): Promise<void> {
  const indexes = join(data, "indexes");
  mkdirSync(indexes, { recursive: true });
  const made = new Date().toISOString().slice(0, 10);
  for (const [name, make] of [
    ["families", makeFamilies],
    ["goodware", makeGoodware],
    ["tools", makeTools],
  ] as const) {
    const entries = await make(indexes);
    await writeFileAtomic(join(folder, `${name}.txt`), formatRecipe({ made, entries }), 0o644);
    const bytes = entries.reduce((sum, { size }) => sum + size, 0);
    say(`${name}: ${entries.length} packages, ${(bytes / 1e9).toFixed(2)} GB packed`);
  }
}
