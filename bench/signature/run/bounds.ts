import { upperBound } from "../../../apps/analysis/src/rules/judge/bound.ts";

export { upperBound };

/** Lower end of the one-sided interval for a rate of successes; see {@link upperBound}. */
export function lowerBound(found: number, of: number, confidence = 0.95): number {
  return 1 - upperBound(of - found, of, confidence);
}
