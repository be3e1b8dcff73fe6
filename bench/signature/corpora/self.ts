import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { buildCorpus, openCorpus } from "../../../apps/analysis/src/self/index.ts";
import { benchData, goodwareFolder } from "./parts.ts";

const MAX_BYTES = 4 * 2 ** 30;

/** Folder of the self of this bench. */
export function selfFolder(): string {
  return join(benchData(), "corpus");
}

/**
 * Learns self from the train part and nothing else; what is there already is not read again.
 * @throws ThymusError CORPUS_MISSING where the train part was not fetched
 */
export async function learnSelf(say: (line: string) => void): Promise<void> {
  mkdirSync(selfFolder(), { recursive: true });
  let told = Date.now();
  await buildCorpus({
    dir: selfFolder(),
    sources: [goodwareFolder("train")],
    maxBytes: MAX_BYTES,
    onProgress(step, done, total) {
      if (Date.now() - told < 10_000) return;
      told = Date.now();
      say(`${step}: ${done} of ${total}`);
    },
  });
}

export async function openSelf() {
  return await openCorpus(selfFolder());
}
