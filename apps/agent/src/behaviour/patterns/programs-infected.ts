import type { Pattern } from "../facts.ts";

/** Several programs got the same foreign bytes from one process tree. */
export const programsInfected: Pattern = {
  name: "programs-infected",
  look({ infected }) {
    if (infected.length < 2) return [];
    return [
      {
        kind: "process-behaviour",
        rule: "programs-infected",
        path: infected[0]!,
        weight: 0.85,
        what: `it wrote the same foreign bytes into ${infected.length} programs, e.g. ${infected[0]}`,
        unless: "the programs had changed in ways of their own, as an update does",
      },
    ];
  },
};
