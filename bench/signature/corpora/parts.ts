import { existsSync } from "node:fs";
import { join } from "node:path";
import { type FileType, ThymusError } from "@thymus/contracts";
import { writeFileAtomic } from "@thymus/store";
import { families } from "./families.ts";
import { type Fetched, fetchEntries, type Unpacked } from "./fetch.ts";
import { readRecipe } from "./make.ts";
import type { RecipeEntry } from "./recipe.ts";
import type { Split } from "./split.ts";

/** Where bench data lies: THYMUS_BENCH_DATA, else `.cache/bench` of the checkout. */
export function benchData(): string {
  return process.env.THYMUS_BENCH_DATA ?? join(import.meta.dirname, "../../../.cache/bench");
}

/** One build of a family's program. */
export interface Build {
  readonly family: string;
  readonly part: "train" | "newest" | "elsewhere";
  /** Package, version and architecture. */
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
  readonly type: FileType;
}

export interface Builds {
  readonly builds: Build[];
  readonly missing: readonly RecipeEntry[];
}

/** A file of goodware. `path` is absolute. */
export interface Good {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  readonly type: FileType;
  readonly source: string;
  readonly architecture: string;
}

export async function fetchBuilds(say: (line: string) => void): Promise<Builds> {
  const recipe = readRecipe("families");
  const folder = join(benchData(), "families");
  const fetched = await fetchEntries(recipe.entries, { folder, made: recipe.made, distinct: false, say });
  return { builds: fetched.packages.map(program), missing: fetched.missing };
}

function program({ entry, folder, files }: Unpacked): Build {
  const [family, part] = entry.use.split(":");
  const wanted = families
    .find(({ name }) => name === family)
    ?.packages.find(({ name }) => name === entry.name)?.programs;
  const file = wanted?.map((path) => files.find((each) => each.path === path)).find((each) => each);
  if (!file) {
    throw new ThymusError(
      "NOT_FOUND",
      `${entry.name} ${entry.version} has no program`,
      "name its path in families.ts",
    );
  }
  return {
    family: family!,
    part: part as Build["part"],
    name: `${entry.name} ${entry.version} ${entry.architecture}`,
    path: join(folder, file.path),
    sha256: file.sha256,
    type: file.type,
  };
}

export async function fetchGoodware(split: Split, say: (line: string) => void): Promise<Fetched> {
  const recipe = readRecipe("goodware");
  const entries = recipe.entries.filter(({ use }) => use === split);
  const folder = goodwareFolder(split);
  const fetched = await fetchEntries(entries, { folder, made: recipe.made, distinct: true, say });
  await writeFileAtomic(completeFile(split), `${fetched.packages.length}\n`, 0o644);
  return fetched;
}

export function goodwareFolder(split: Split): string {
  return join(benchData(), "goodware", split);
}

function completeFile(split: Split): string {
  return `${goodwareFolder(split)}.lists/complete`;
}

/**
 * The distinct files of a part that was fetched before; those whose content stands in the train part too are left out of the
 * others.
 * @throws ThymusError NOT_FOUND where it was not fetched
 */
export async function goodware(split: Split): Promise<Good[]> {
  if (!existsSync(completeFile(split))) {
    throw new ThymusError(
      "NOT_FOUND",
      `the ${split} part of goodware is not here`,
      `fetch it: npm run bench -- signature fetch ${split}`,
    );
  }
  const { packages } = await fetchGoodware(split, () => {});
  const seen = new Set(split === "train" ? [] : (await goodware("train")).map(({ sha256 }) => sha256));
  const found: Good[] = [];
  for (const { entry, folder, files } of packages) {
    for (const file of files) {
      if (seen.has(file.sha256)) continue;
      seen.add(file.sha256);
      const { source, architecture } = entry;
      found.push({ ...file, path: join(folder, file.path), source, architecture });
    }
  }
  return found;
}
