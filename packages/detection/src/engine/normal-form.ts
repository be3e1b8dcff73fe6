import { MAX_REPORTED_MATCHES, type RuleMatch } from "./engine.ts";

type Place = { readonly offset: number; readonly length: number };

/** Brings the matches of either engine into one order, so that equal results are deeply equal. */
export function normalForm(found: RuleMatch[]): RuleMatch[] {
  return found
    .map(({ namespace, rule, matches }) => ({ namespace, rule, matches: places(matches) }))
    .sort((a, b) => compare(a.namespace, b.namespace) || compare(a.rule, b.rule));
}

function places(matches: readonly Place[]): Place[] {
  const sorted = matches
    .map(({ offset, length }) => ({ offset, length }))
    .sort((a, b) => a.offset - b.offset || a.length - b.length);
  const distinct = sorted.filter(
    (place, index) =>
      place.offset !== sorted[index - 1]?.offset || place.length !== sorted[index - 1]?.length,
  );
  return distinct.slice(0, MAX_REPORTED_MATCHES);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
