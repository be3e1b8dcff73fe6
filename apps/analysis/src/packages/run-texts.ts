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
  const holds = (bytes: Uint8Array) => {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return known.some((text) => view.includes(text));
  };
  const { absent } = self;
  return {
    logProbability: (bytes) => (holds(bytes) ? Number.POSITIVE_INFINITY : self.logProbability(bytes)),
    ...(absent && { absent: (bytes: Uint8Array) => !holds(bytes) && absent(bytes) }),
    scan: (sources, options) => self.scan(sources, options),
  };
}
