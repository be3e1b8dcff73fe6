import type { Pattern } from "../facts.ts";

/**
 * Nobody has a reason to write to a decoy. One that became noise says almost all; one that was changed and is still what it was
 * (a search-and-replace over every file) says little, and so does one that is only gone (a folder that was cleared away).
 */
export const decoysTouched: Pattern = {
  name: "decoys-touched",
  look({ decoys }) {
    const [first] = decoys;
    if (!first) return [];
    const spoilt = decoys.find(
      ({ after }) =>
        after && (after.form.kind === "encrypted" || (after.form.kind === "none" && after.size > 0)),
    );
    const written = decoys.find(({ after }) => after !== null);
    const worst = spoilt ?? written ?? first;
    const [weight, said] = spoilt
      ? [0.9, "was made unreadable"]
      : written
        ? [0.4, "was changed"]
        : [0.25, "is gone"];
    return [
      {
        kind: "decoy-touched",
        rule: "decoys-touched",
        path: worst.path,
        weight,
        what: `the decoy ${worst.path} ${said}, which nobody has a reason to do${decoys.length > 1 ? ` (and ${decoys.length - 1} more)` : ""}`,
        unless: "the decoy had been left alone",
      },
    ];
  },
};
