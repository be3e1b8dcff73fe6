import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { CorpusManifest, parseJsonDocument, ThymusError } from "@thymus/contracts";
import { TEMPORARY_PREFIX } from "@thymus/store";

/**
 * A corpus folder holds manifest.json and what it names by digest, so that the change of the manifest alone makes a new
 * corpus current, and the unfinished state of a build.
 */
export function layout(dir: string) {
  return {
    manifest: join(dir, "manifest.json"),
    list: (digest: string) => join(dir, `files-${digest.replace("sha256:", "").slice(0, 16)}.ndjson`),
    model: (sha256: string) => join(dir, `model-${sha256.slice(0, 16)}.bin`),
    index: (sha256: string) => join(dir, `index-${sha256.slice(0, 16)}.abs`),
    /** Whose code stands in self: the same kind of file. */
    labels: (sha256: string) => join(dir, `labels-${sha256.slice(0, 16)}.abs`),
    /** Digests of what was imported. */
    hashes: (sha256: string) => join(dir, `hashes-${sha256.slice(0, 16)}.txt`),
    /** An imported list of what is known to be good. */
    knownList: (sha256: string) => join(dir, `list-${sha256.slice(0, 16)}.json`),
    /** The absence filter of an unfinished build that adds to the index `base`. */
    part: (base: string | null) => join(dir, `${unfinished(base)}.abs`),
    labelPart: (base: string | null) => join(dir, `${unfinished(base)}.labels.abs`),
    /** What stands in these two filters, and in none else. */
    journal: (base: string | null) => join(dir, `${unfinished(base)}.ndjson`),
    /** Held by whoever changes the corpus. */
    lock: join(dir, "lock"),
  };
}

function unfinished(base: string | null): string {
  return `unfinished-${base?.slice(0, 16) ?? "new"}`;
}

/** @throws ThymusError CORPUS_MISSING, DOCUMENT_INVALID */
export async function readManifest(dir: string): Promise<CorpusManifest> {
  let text: string;
  try {
    text = await readFile(layout(dir).manifest, "utf8");
  } catch (cause) {
    throw new ThymusError(
      "CORPUS_MISSING",
      `there is no corpus of self in ${dir}`,
      "run: thymus corpus build",
      { cause },
    );
  }
  return parseJsonDocument(CorpusManifest, text, layout(dir).manifest);
}

/** Removes lists, models and temporary files that the manifest does not name. */
export async function removeOld(dir: string, manifest: CorpusManifest): Promise<void> {
  const { list, model, index, labels, hashes, knownList } = layout(dir);
  const kept = new Set([list(manifest.digest), model(manifest.model.sha256)]);
  if (manifest.index) kept.add(index(manifest.index.sha256));
  if (manifest.labels) kept.add(labels(manifest.labels.sha256));
  for (const { sha256 } of manifest.lists ?? []) kept.add(knownList(sha256));
  if (manifest.imported) {
    kept.add(hashes(manifest.imported.hashes.sha256));
    kept.add(model(manifest.imported.model.sha256));
    kept.add(index(manifest.imported.index.sha256));
    if (manifest.imported.labels) kept.add(labels(manifest.imported.labels.sha256));
  }
  for (const name of await readdir(dir)) {
    const path = join(dir, name);
    const named = /^(files|model|index|labels|hashes|list)-[0-9a-f]{16}\./.test(name);
    // A build that was killed while it wrote leaves a file as large as the index.
    if ((named && !kept.has(path)) || name.startsWith(TEMPORARY_PREFIX)) await rm(path, { force: true });
  }
}
