import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { CorpusManifest, type Sha256, ThymusError } from "@thymus/contracts";
import { writeFileAtomic } from "@thymus/store";
import { holdCorpus } from "../files/hold.ts";
import { layout, readManifest, removeOld } from "../files/layout.ts";
import { listName, MATCHES, type Match, readList } from "./read-list.ts";
import type { StoredList } from "./warned.ts";

/** Most entries of one list: they are held in memory while self is open. */
const MOST = 5_000_000;

/** As it stands in the manifest. */
export type ListEntry = NonNullable<CorpusManifest["lists"]>[number];

/**
 * Adds a list of what is known to be good; one of the same name gives way.
 * @throws ThymusError CORPUS_MISSING, UNREADABLE, DOCUMENT_INVALID where nothing can be read from it, TOO_LARGE,
 *   CONFLICT where another process changes the corpus
 */
export async function importList(dir: string, file: string): Promise<ListEntry> {
  await readManifest(dir);
  const found = new Map<Match, Set<string>>(MATCHES.map((match) => [match, new Set()]));
  let count = 0;
  for await (const { match, value } of readList(file)) {
    found.get(match)!.add(value);
    if (++count > MOST)
      throw new ThymusError("TOO_LARGE", `${file} has more than ${MOST} entries`, "import a smaller list");
  }
  if (count === 0)
    throw new ThymusError(
      "DOCUMENT_INVALID",
      `${file} holds no digest and is no warninglist`,
      "give one digest a line, a table with a column SHA-256, SHA-1 or MD5, or a MISP warninglist",
    );
  const name = await listName(file);
  const entries = Object.fromEntries(MATCHES.map((match) => [match, [...found.get(match)!].sort()]));
  const stored = { name, entries } as unknown as StoredList;
  const text = `${JSON.stringify(stored)}\n`;
  const hashes = stored.entries.hash.length;
  const total = Object.values(stored.entries).reduce((sum, { length }) => sum + length, 0);
  const entry: ListEntry = {
    name,
    sha256: createHash("sha256").update(text).digest("hex") as Sha256,
    hashes,
    texts: total - hashes,
  };
  const release = await holdCorpus(dir);
  try {
    await addList(dir, entry, text);
  } finally {
    release();
  }
  return entry;
}

async function addList(dir: string, entry: ListEntry, text: string): Promise<void> {
  const manifest = await readManifest(dir);
  await writeFileAtomic(layout(dir).knownList(entry.sha256), text);
  const lists = [...(manifest.lists ?? []).filter((other) => other.name !== entry.name), entry];
  const next = CorpusManifest.parse({ ...manifest, lists });
  await writeFileAtomic(layout(dir).manifest, `${JSON.stringify(next, null, 2)}\n`);
  await removeOld(dir, next);
}

/** @throws ThymusError CORPUS_MISSING where a list is damaged */
export function loadLists(dir: string, manifest: CorpusManifest): StoredList[] {
  return (manifest.lists ?? []).map(({ name, sha256 }) => {
    try {
      const text = readFileSync(layout(dir).knownList(sha256));
      if (createHash("sha256").update(text).digest("hex") === sha256)
        return JSON.parse(text.toString("utf8"));
    } catch {}
    const message = `the list ${JSON.stringify(name)} of the corpus in ${dir} is damaged`;
    throw new ThymusError("CORPUS_MISSING", message, "run: thymus corpus import --list FILE");
  });
}
