import { ThymusError } from "@thymus/contracts";
import type { Archive } from "./mirror.ts";

/** One package file, so named that anyone can fetch the same bytes. */
export interface RecipeEntry {
  readonly archive: Archive;
  readonly source: string;
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly size: number;
  readonly sha256: string;
  /** Path below the archive. */
  readonly path: string;
  /** What the entry is for, as `train`. */
  readonly use: string;
}

export interface Recipe {
  /** Day on which it was made, as 2026-11-23. */
  readonly made: string;
  readonly entries: readonly RecipeEntry[];
}

const HEAD = "# thymus bench recipe 1, made ";
const FIELDS = "# archive source package version architecture size sha256 use [path]";

/** The usual place of a package in the pool (Debian policy of the archive); the recipe names only others. */
export function poolPath(entry: Pick<RecipeEntry, "source" | "name" | "version" | "architecture">): string {
  const { source, name, version, architecture } = entry;
  const initial = source.startsWith("lib") ? source.slice(0, 4) : source.slice(0, 1);
  return `pool/main/${initial}/${source}/${name}_${version.replace(/^\d+:/, "")}_${architecture}.deb`;
}

export function formatRecipe({ made, entries }: Recipe): string {
  const lines = entries.map((entry) => {
    const { archive, source, name, version, architecture, size, sha256, use, path } = entry;
    const usual = path === poolPath(entry) ? [] : [path];
    return [archive, source, name, version, architecture, size, sha256, use, ...usual].join(" ");
  });
  return `${HEAD}${made}\n${FIELDS}\n${lines.join("\n")}\n`;
}

/** @throws ThymusError DOCUMENT_INVALID naming the line */
export function parseRecipe(text: string): Recipe {
  const lines = text.split("\n");
  const made = lines[0]?.startsWith(HEAD) ? lines[0].slice(HEAD.length).trim() : "";
  if (!/^\d{4}-\d\d-\d\d$/.test(made)) throw invalid(1);
  const entries = lines.flatMap((line, i): RecipeEntry[] => {
    if (line === "" || line.startsWith("#")) return [];
    const [archive, source, name, version, architecture, size, sha256, use, path] = line.split(" ");
    const sound =
      (archive === "debian" || archive === "security") &&
      /^\d+$/.test(size ?? "") &&
      /^[0-9a-f]{64}$/.test(sha256 ?? "") &&
      [source, name, version, architecture].every((word) => /^[A-Za-z0-9.+:~_-]+$/.test(word ?? "")) &&
      use !== undefined;
    if (!sound) throw invalid(i + 1);
    const named = { source: source!, name: name!, version: version!, architecture: architecture! };
    return [{ ...named, archive, size: Number(size), sha256: sha256!, use, path: path ?? poolPath(named) }];
  });
  return { made, entries };
}

function invalid(line: number): ThymusError {
  return new ThymusError("DOCUMENT_INVALID", `line ${line} of the recipe is not right`, "make it again");
}

/** Name under which a package is kept; versions of one package stand beside each other. */
export function entryName({ name, version, architecture }: RecipeEntry): string {
  return `${name}_${version.replaceAll(":", "%3a")}_${architecture}`;
}
