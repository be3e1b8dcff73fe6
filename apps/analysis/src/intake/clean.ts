/**
 * Hashes of content that is known to be good: what self was learned from, and lists that the owner imports. Such a
 * sample needs no chamber.
 */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { ThymusError } from "@thymus/contracts";
import { openCorpus } from "../self/index.ts";

/** Most hashes of all lists together: about 100 bytes of memory each. */
const MOST = 5_000_000;

export interface KnownClean {
  /** Where the hash stands, in words for a person, or null. */
  whereIs(sha256: string): string | null;
  readonly size: number;
}

/**
 * @param lists files with one SHA-256 (hex, the first word) a line; other lines are passed over
 * @throws ThymusError CORPUS_MISSING, UNREADABLE, TOO_LARGE
 */
export async function readKnownClean(
  corpusDir: string | null,
  lists: readonly string[],
): Promise<KnownClean> {
  const self = new Set<string>();
  if (corpusDir !== null) for (const { sha256 } of (await openCorpus(corpusDir)).files) self.add(sha256);
  const imported = new Map<string, number>();
  for (const [index, list] of lists.entries()) {
    try {
      for await (const line of createInterface({ input: createReadStream(list, "latin1") })) {
        const sha256 = /^\s*([0-9a-fA-F]{64})\b/.exec(line)?.[1]?.toLowerCase();
        if (sha256) imported.set(sha256, index);
        if (imported.size > MOST)
          throw new ThymusError("TOO_LARGE", `${list} goes beyond ${MOST} hashes`, "import a smaller list");
      }
    } catch (cause) {
      if (cause instanceof ThymusError) throw cause;
      const why = (cause as NodeJS.ErrnoException).code;
      throw new ThymusError("UNREADABLE", `${list} cannot be read (${why})`, "check analysis.cleanLists", {
        cause,
      });
    }
  }
  return {
    size: self.size + imported.size,
    whereIs(sha256) {
      if (self.has(sha256)) return "the goodware that self was learned from";
      const index = imported.get(sha256);
      return index === undefined ? null : `the list ${lists[index]}`;
    },
  };
}
