import { basename, dirname, extname } from "node:path";
import type { DocumentChange } from "../facts.ts";
import { becameNoise, hadForm, isNoise } from "../patterns/documents-turned.ts";

/** What a stopped tree left behind. */
export interface Harm {
  /** Documents that can be read no more, or that went while noise took their place. */
  readonly harmed: ReadonlySet<string>;
  /** Files of noise with the document, or decoy, that each stands for. */
  readonly instead: ReadonlyMap<string, string>;
}

/**
 * What of all that a tree touched it harmed. What can still be read is not: an edit of the owner must not be undone with it.
 * @param own whether events told that the tree wrote a file; of others only those count that are named after a document that went
 */
export function harmOf(documents: readonly DocumentChange[], own: (path: string) => boolean): Harm {
  const noise = documents.filter(({ fate, after }) => fate === "created" && after && isNoise(after));
  const gone = documents.filter((change) => change.fate === "gone" && hadForm(change));
  const instead = new Map<string, string>();
  const explained = new Set<string>();
  const pair = (fits: (path: string, old: string) => boolean) => {
    for (const { path } of noise) {
      const old = instead.has(path)
        ? undefined
        : gone.find((each) => !explained.has(each.path) && fits(path, each.path));
      if (!old) continue;
      instead.set(path, old.path);
      explained.add(old.path);
    }
  };
  pair((path, old) => path.startsWith(old));
  pair((path, old) => dirname(path) === dirname(old) && stem(path) === stem(old));
  pair(own);
  const written = documents.filter(
    (change) => change.fate === "written" && (becameNoise(change) || change.after?.size === 0),
  );
  return { harmed: new Set([...explained, ...written.map(({ path }) => path)]), instead };
}

const stem = (path: string): string => basename(path, extname(path));
