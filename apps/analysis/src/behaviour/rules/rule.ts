import type { Severity, Verdict } from "@thymus/contracts";
import type { Facts } from "../facts.ts";

/** One row of the rule base. */
export interface VerdictRule {
  readonly id: string;
  readonly verdict: Verdict;
  readonly severity: Severity;
  readonly holds: (facts: Facts) => boolean;
  /** In plain words, what shows it. */
  readonly why: (facts: Facts) => string;
  /** Techniques of MITRE ATT&CK that the rule itself shows; signs bring their own. */
  readonly techniques: readonly string[];
}

/** Fewest decoys that must have been touched before damage is called intent. */
export const FEW = 3;
