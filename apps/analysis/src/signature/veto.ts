import { provenAbsent } from "./absence.ts";
import { type Clause, trialRule } from "./clause.ts";
import type { Scanning, Self } from "./self.ts";
import { isWarned } from "./warned.ts";

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

const PER_SCAN = 4;

/** The first of these clauses that fits nothing in self and rests on no text that a list names: by its index where that can tell, else by one scan. */
export async function firstStanding(
  clauses: readonly Clause[],
  self: Self,
  scanning: Scanning,
): Promise<Veto> {
  const allowed = clauses.filter(({ strings }) => !strings.some((string) => isWarned(string, self)));
  const warned = clauses.length - allowed.length;
  const proven = allowed.find((clause) => clauseProvenAbsent(clause, self));
  if (proven !== undefined || allowed.length === 0) {
    return {
      standing: proven ?? null,
      considered: clauses.length,
      vetoed: warned,
      scanned: { files: 0, bytes: 0 },
    };
  }
  const some = allowed.slice(0, PER_SCAN);
  const source = some.map((clause, i) => trialRule(`c${i}`, clause)).join("\n");
  const result = await self.scan([{ namespace: "candidates", source }], scanning);
  const hit = new Set(result.hits.map(({ rule }) => rule));
  return {
    standing: some.find((_, i) => !hit.has(`c${i}`)) ?? null,
    considered: some.length + warned,
    vetoed: hit.size + warned,
    scanned: { files: result.files, bytes: result.bytes },
  };
}
