import { runsOf, shareRun } from "../suspicion/difference.ts";
import { type Evidence, isChanged, type Monitor } from "../suspicion/incident.ts";

/** Changed programs whose foreign bytes are compared with one another. */
const COMPARED = 64;

/**
 * Programs that changed together: an infection spreads. That two got the same foreign bytes says more than that they
 * changed at the same time, which an update by hand does too.
 */
export const severalChanged: Monitor = {
  name: "several-changed",
  look({ changes }) {
    const changed = changes.filter((change) => isChanged(change) && change.now.program);
    if (changed.length < 2) return [];
    const together: Evidence[] = changed.map(({ path }) => ({
      kind: "program-changed",
      rule: "several-changed",
      path,
      weight: changed.length === 2 ? 0.25 : 0.45,
      what: `${changed.length} programs of the same folder changed within moments`,
      shared: true,
    }));
    const compared = changed.slice(0, COMPARED).map(({ path, foreign }) => ({ path, runs: runsOf(foreign) }));
    const same = compared.filter((one) =>
      compared.some((other) => other !== one && shareRun(one.runs, other.runs)),
    );
    const equal: Evidence[] = same.map(({ path }) => ({
      kind: "program-changed",
      rule: "same-foreign-bytes",
      path,
      weight: 0.7,
      what: `${path} got the same foreign bytes as ${same.length - 1} other changed program${same.length > 2 ? "s" : ""}`,
      shared: false,
    }));
    return [...together.slice(0, 1), ...equal];
  },
};
