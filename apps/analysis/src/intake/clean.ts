/**
 * Hashes of content that is known to be good: what self was learned from, and lists that the owner imports. Such a
 * sample needs no chamber.
 */
import { ThymusError } from "@thymus/contracts";
import { openCorpus, readList } from "../self/index.ts";

const SHA256_DIGITS = 64;
/** Most hashes of all lists together: about 100 bytes of memory each. */
const MOST = 5_000_000;

export interface KnownClean {
  /** Where the hash stands, in words for a person, or null. */
  whereIs(sha256: string): string | null;
  readonly size: number;
}

/**
 * @param lists files as {@link readList} takes them; only SHA-256 digests count, other entries are passed over
 * @throws ThymusError CORPUS_MISSING, UNREADABLE, TOO_LARGE
 */
export async function readKnownClean(
  corpusDir: string | null,
  lists: readonly string[],
): Promise<KnownClean> {
  const corpus = corpusDir === null ? null : await openCorpus(corpusDir);
  const self = new Set<string>(corpus?.files.map(({ sha256 }) => sha256));
  const imported = new Map<string, number>();
  for (const [index, list] of lists.entries()) {
    for await (const { match, value } of readList(list)) {
      if (match === "hash" && value.length === SHA256_DIGITS) imported.set(value, index);
      if (imported.size > MOST)
        throw new ThymusError("TOO_LARGE", `${list} goes beyond ${MOST} hashes`, "import a smaller list");
    }
  }
  return {
    size:
      self.size +
      imported.size +
      (corpus?.manifest.imported?.hashes.count ?? 0) +
      (corpus?.manifest.lists ?? []).reduce((sum, { hashes }) => sum + hashes, 0),
    whereIs(sha256) {
      if (self.has(sha256)) return "the goodware that self was learned from";
      if (corpus?.importedHash(sha256)) return "the goodware of another machine, whose self was imported";
      const known = corpus?.listedHash(sha256);
      if (known != null) return `the imported list ${known}`;
      const index = imported.get(sha256);
      return index === undefined ? null : `the list ${lists[index]}`;
    },
  };
}
