import { type Clause, type ClauseString, trialRule } from "./clause.ts";
import type { Self } from "./self.ts";

/** Shorter runs say nothing in an index of what stands in goodware. */
export const MIN_INDEXED = 16;

/** Whether this string certainly stands in no file of self, told without a scan. */
function provenAbsent({ bytes, roots }: ClauseString, self: Self): boolean {
  if (self.absent === undefined) return false;
  const runs = bytes === undefined ? roots : [bytes];
  if (runs === undefined || runs.length === 0) return false;
  return runs.every((run) => run.length >= MIN_INDEXED && self.absent!(run));
}

/** Whether so few of the clause's strings can be in a file of self that it fits none. */
export function clauseProvenAbsent(clause: Clause, self: Self): boolean {
  const possible = clause.strings.filter((string) => !provenAbsent(string, self)).length;
  return clause.strings.length > 0 && possible < clause.needed;
}

export interface Veto {
  /** The first clause that no file of self fits, or null. */
  readonly standing: Clause | null;
  readonly considered: number;
  readonly vetoed: number;
  readonly scanned: { files: number; bytes: number };
}

const PER_SCAN = 8;

/** The first of these clauses that fits nothing in self: by its index where that can tell, else by one scan. */
export async function firstStanding(
  clauses: readonly Clause[],
  self: Self,
  signal: AbortSignal | undefined,
): Promise<Veto> {
  const proven = clauses.find((clause) => clauseProvenAbsent(clause, self));
  if (proven !== undefined || clauses.length === 0) {
    return {
      standing: proven ?? null,
      considered: clauses.length,
      vetoed: 0,
      scanned: { files: 0, bytes: 0 },
    };
  }
  const some = clauses.slice(0, PER_SCAN);
  const source = some.map((clause, i) => trialRule(`c${i}`, clause)).join("\n");
  const result = await self.scan(
    [{ namespace: "candidates", source }],
    signal === undefined ? {} : { signal },
  );
  const hit = new Set(result.hits.map(({ rule }) => rule));
  return {
    standing: some.find((_, i) => !hit.has(`c${i}`)) ?? null,
    considered: some.length,
    vetoed: hit.size,
    scanned: { files: result.files, bytes: result.bytes },
  };
}
