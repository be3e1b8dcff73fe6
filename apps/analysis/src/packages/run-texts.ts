/** Texts of one run only: stolen tokens, names of its packages and accounts. A rule that rests on them finds that run alone. */
import type { Self } from "../signature/self.ts";
import type { PackagePair } from "./pair.ts";
import type { PublishedRun } from "./published.ts";

/** Part of a secret by which it is known again. */
const PART = 8;
/** Shorter names are words that anybody uses. */
const MIN_NAME = 6;

/** Self in whose eyes nothing that holds such a text is unusual, so that no candidate is made of it. */
export function withoutRunTexts(self: Self, run: PublishedRun, pairs: readonly PackagePair[]): Self {
  const parts = run.secrets.flatMap((secret) =>
    Array.from({ length: Math.max(0, secret.length - PART + 1) }, (_, at) =>
      Buffer.from(secret.slice(at, at + PART)),
    ),
  );
  const names = [
    ...pairs.flatMap(({ name, path }) => [name, name.replace(/^@.*\//, ""), path]),
    ...run.packages.flatMap(({ owners }) => owners),
  ];
  const known = [
    ...parts,
    ...[...new Set(names)].filter((name) => name.length >= MIN_NAME).map((name) => Buffer.from(name)),
  ];
  const holds = holdsAny(known);
  const { absent } = self;
  return {
    logProbability: (bytes) => (holds(bytes) ? Number.POSITIVE_INFINITY : self.logProbability(bytes)),
    ...(absent && { absent: (bytes: Uint8Array) => !holds(bytes) && absent(bytes) }),
    scan: (sources, options) => self.scan(sources, options),
  };
}

/** Whether bytes hold one of the texts, each of {@link MIN_NAME} bytes at least: asked for every window of what was published. */
function holdsAny(texts: readonly Buffer[]): (bytes: Uint8Array) => boolean {
  const byBeginning = Map.groupBy(texts, (text) => text.toString("latin1", 0, MIN_NAME));
  return (bytes) => {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const all = view.toString("latin1");
    for (let at = 0; at + MIN_NAME <= all.length; at++) {
      const texts = byBeginning.get(all.slice(at, at + MIN_NAME));
      if (texts?.some((text) => view.subarray(at, at + text.length).equals(text))) return true;
    }
    return false;
  };
}
