/** Several runs of one sample, as one answer: the worst wins, and the reason names its run. Pure. */
import type { Behaviour, Severity, Verdict } from "@thymus/contracts";
import type { Understanding } from "./understand.ts";

/** By harm. A run that shows harm counts more than one in which nothing could be told. */
const verdicts: readonly Verdict[] = [
  "harmless",
  "unknown",
  "dropper",
  "thief",
  "infector",
  "wiper",
  "worm",
  "ransomware",
];
const severities: readonly Severity[] = ["none", "low", "medium", "high", "critical"];

const rank = (one: Understanding) => verdicts.indexOf(one.verdict) * 8 + severities.indexOf(one.severity);

/**
 * @param views at least one; the first is the plain run
 * @returns the worst one, with what only the others show added to its behaviour and thefts
 */
export function combine(
  views: readonly { readonly label: string; readonly view: Understanding }[],
): Understanding {
  const [first, ...rest] = views;
  if (!first) throw new RangeError("no run to combine");
  const worst = rest.reduce((most, each) => (rank(each.view) > rank(most.view) ? each : most), first);
  const others = views.filter((each) => each !== worst);
  const behaviour = new Map<string, Behaviour>(worst.view.behaviour.map((each) => [each.technique, each]));
  for (const { label, view } of others)
    for (const each of view.behaviour)
      if (!behaviour.has(each.technique))
        behaviour.set(each.technique, { ...each, evidence: `${each.evidence} (run: ${label})` });
  const thefts = new Map(
    [worst, ...others].flatMap(({ view }) =>
      view.thefts.map((theft) => [`${theft.how} ${theft.path}`, theft] as const),
    ),
  );
  return {
    ...worst.view,
    why:
      views.length > 1 && worst !== first ? `in the run "${worst.label}" ${worst.view.why}` : worst.view.why,
    behaviour: [...behaviour.values()].slice(0, 200),
    thefts: [...thefts.values()].slice(0, 64),
  };
}
