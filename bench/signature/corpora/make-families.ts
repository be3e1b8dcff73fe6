import { families, suites } from "./families.ts";
import { type Listed, listSuite } from "./index-file.ts";
import type { RecipeEntry } from "./recipe.ts";

/**
 * Every build of the families that the archive holds: `train` all amd64 builds but the newest of each package, `newest` that
 * one, `elsewhere` the builds for other architectures. `use` is FAMILY:PART.
 */
export async function makeFamilies(indexes: string): Promise<RecipeEntry[]> {
  const entries: RecipeEntry[] = [];
  const packages = families.flatMap((family) => family.packages.map(({ name }) => ({ family, name })));
  for (const architecture of ["amd64", "i386", "arm64"]) {
    const builds = new Map<string, Listed[]>(packages.map(({ name }) => [name, []]));
    for (const suite of suites) {
      for (const each of await listSuite(indexes, suite, architecture)) {
        const known = builds.get(each.name);
        if (known && !known.some(({ version }) => version === each.version)) known.push(each);
      }
    }
    for (const { family, name } of packages) {
      if (architecture !== "amd64" && family.elsewhere !== name) continue;
      const found = builds.get(name)!;
      for (const [i, build] of found.entries()) {
        const newest = i === found.length - 1;
        const part = architecture !== "amd64" ? "elsewhere" : newest ? "newest" : "train";
        entries.push({ ...build, use: `${family.name}:${part}` });
      }
    }
  }
  return entries;
}
