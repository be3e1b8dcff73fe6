/** Self, opened once in a worker's life: its index and its model take seconds to read. */
import { type Corpus, openCorpus } from "../self/index.ts";

const opened = new Map<string, Promise<Corpus>>();

/** @throws ThymusError CORPUS_MISSING */
export function selfOf(corpusDir: string): Promise<Corpus> {
  const known = opened.get(corpusDir) ?? openCorpus(corpusDir);
  opened.set(corpusDir, known);
  known.catch(() => opened.delete(corpusDir));
  return known;
}
