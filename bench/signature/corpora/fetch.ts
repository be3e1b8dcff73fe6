import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { writeFileAtomic } from "@thymus/store";
import { archiveUrl, snapshotUrl } from "./mirror.ts";
import { entryName, type RecipeEntry } from "./recipe.ts";
import { type UnpackedFile, unpackPackage } from "./unpack.ts";

const CONNECTIONS = 6;

/** A package of the recipe with its files; `folder` is absolute. */
export interface Unpacked {
  readonly entry: RecipeEntry;
  readonly folder: string;
  readonly files: readonly UnpackedFile[];
}

export interface Fetched {
  readonly packages: Unpacked[];
  /** Entries that no mirror holds any more. */
  readonly missing: RecipeEntry[];
  /** Entries that came from the archive of old versions. */
  readonly fromSnapshot: number;
}

export interface FetchOptions {
  /** Folder for what is unpacked. */
  readonly folder: string;
  /** Day of the recipe, for the archive of old versions. */
  readonly made: string;
  /** Content that stands in the part already is not written twice. */
  readonly distinct: boolean;
  readonly say: (line: string) => void;
}

/** Fetches and unpacks the entries in their order; what is there already is not fetched again. */
export async function fetchEntries(entries: readonly RecipeEntry[], options: FetchOptions): Promise<Fetched> {
  const seen = new Set<string>();
  const packages: Unpacked[] = [];
  const missing: RecipeEntry[] = [];
  let fromSnapshot = 0;
  let told = Date.now();
  const waiting: Promise<string | null>[] = [];
  const start = (i: number) => {
    const entry = entries[i];
    if (!entry) return;
    const there = existsSync(listOf(entry, options.folder));
    waiting[i] = there ? Promise.resolve("") : download(entry, options, () => fromSnapshot++);
    waiting[i].catch(() => {});
  };
  for (let i = 0; i < CONNECTIONS; i++) start(i);
  for (const [i, entry] of entries.entries()) {
    const deb = await waiting[i]!;
    start(i + CONNECTIONS);
    if (deb === null) {
      missing.push(entry);
      options.say(`gone from the mirror: ${entryName(entry)}`);
      continue;
    }
    const folder = place(entry, options.folder);
    const files = await unpackPackage(deb, folder, listOf(entry, options.folder), (sha256) => {
      if (options.distinct && seen.has(sha256)) return false;
      seen.add(sha256);
      return true;
    });
    for (const { sha256 } of files) seen.add(sha256);
    if (deb !== "") rmSync(deb, { force: true });
    packages.push({ entry, folder, files });
    if (Date.now() - told > 10_000) {
      told = Date.now();
      options.say(`${i + 1} of ${entries.length} packages`);
    }
  }
  return { packages, missing, fromSnapshot };
}

function place(entry: RecipeEntry, folder: string): string {
  return join(folder, entry.source.slice(0, 2), entryName(entry));
}

/** Lists lie beside the tree, not in it: the tree holds nothing but goodware. */
function listOf(entry: RecipeEntry, folder: string): string {
  return `${place(entry, `${folder}.lists`)}.list`;
}

/** File with the package, or null where no mirror holds it. A wrong digest counts as not held. */
async function download(
  entry: RecipeEntry,
  { folder, made }: FetchOptions,
  onSnapshot: () => void,
): Promise<string | null> {
  const file = `${place(entry, folder)}.deb`;
  mkdirSync(dirname(file), { recursive: true });
  if (existsSync(file) && statSync(file).size === entry.size && digest(readFileSync(file)) === entry.sha256)
    return file;
  for (const base of [archiveUrl(entry.archive), snapshotUrl(entry.archive, made)]) {
    const bytes = await get(`${base}/${entry.path}`);
    if (bytes === null || digest(bytes) !== entry.sha256) continue;
    if (base !== archiveUrl(entry.archive)) onSnapshot();
    await writeFileAtomic(file, bytes, 0o644);
    return file;
  }
  return null;
}

async function get(url: string): Promise<Buffer | null> {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(120_000) });
      if (answer.ok) return Buffer.from(await answer.arrayBuffer());
      if (answer.status === 404) return null;
    } catch {
      // Tried again, then counted as missing.
    }
  }
  return null;
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
