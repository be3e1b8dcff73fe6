import { listSuite } from "./index-file.ts";
import type { RecipeEntry } from "./recipe.ts";

/** Two versions of an executable packer, and the libraries that both run with. */
export async function makeTools(indexes: string): Promise<RecipeEntry[]> {
  const wanted: Record<string, readonly string[]> = {
    bullseye: ["upx-ucl"],
    trixie: ["upx-ucl", "libucl1", "libc6", "libstdc++6", "libgcc-s1", "zlib1g"],
  };
  const entries: RecipeEntry[] = [];
  for (const [suite, names] of Object.entries(wanted)) {
    for (const each of await listSuite(indexes, { archive: "debian", suite }, "amd64"))
      if (names.includes(each.name)) entries.push({ ...each, use: "packer" });
  }
  return entries;
}
