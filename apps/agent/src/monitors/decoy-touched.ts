import type { Monitor } from "../suspicion/incident.ts";

/** Nobody has a reason to write to a decoy. A decoy that is only gone may have been cleared away with its folder. */
export const decoyTouched: Monitor = {
  name: "decoy-touched",
  look: ({ changes, lostDecoys }) => [
    ...changes
      .filter(({ decoy }) => decoy)
      .map(({ path }) => ({
        kind: "decoy-touched" as const,
        rule: "decoy-written",
        path,
        weight: 0.9,
        what: `the decoy ${path} was written to, which nobody has a reason to do`,
        shared: true,
      })),
    ...lostDecoys.map((path) => ({
      kind: "decoy-touched" as const,
      rule: "decoy-gone",
      path,
      weight: 0.3,
      what: `the decoy ${path} is gone`,
      shared: true,
    })),
  ],
};
