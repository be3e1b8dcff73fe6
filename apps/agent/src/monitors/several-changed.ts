import { runsOf, sharedRuns } from "../suspicion/difference.ts";
import { type Change, type Evidence, isChanged, isDependency, type Monitor } from "../suspicion/incident.ts";
import { grewAlike, infectionShape, type Shape } from "../suspicion/shape.ts";

/** Changed programs whose foreign bytes are compared with one another. */
const COMPARED = 64;
/** Share of the growth of a file that must be the same in another. */
const SAME = 0.3;
/** Runs of 24 bytes that a body has fewer of than bytes. */
const RUN = 24;
/** Share of all changed programs that must have grown alike, and least number of them. */
const MOST = 0.6;
const LEAST = 3;

/**
 * Programs that changed together: an infection spreads. That says little, since updates, checkouts and builds change many at
 * once. It says more where the hosts are intact and most grew by about the same, and most where they got the same bytes.
 */
export const severalChanged: Monitor = {
  name: "several-changed",
  look(incident) {
    const changed = incident.changes.filter(
      (change) => isChanged(change) && change.now.program && !isDependency(incident, change),
    );
    if (changed.length < 2) return [];
    const shapes = changed.flatMap((change) => infectionShape(change) ?? []);
    const alike = grewAlike(shapes);
    const spread = alike >= LEAST && alike >= changed.length * MOST;
    const together: Evidence = {
      kind: "program-changed",
      rule: "several-changed",
      path: changed[0]!.path,
      weight: spread ? 0.45 : 0.1,
      what: spread
        ? `${alike} programs of the same folder grew by about the same within moments, and are otherwise what they were`
        : `${changed.length} programs of the same folder changed within moments`,
      shared: true,
    };
    return [together, ...same(shapes), ...overwritten(changed)];
  },
};

function same(shapes: readonly Shape[]): Evidence[] {
  const compared = shapes.slice(0, COMPARED).map((shape) => ({ shape, runs: runsOf(shape.code) }));
  const equal = compared.filter((one) =>
    compared.some((other) => {
      if (other === one) return false;
      const growth = Math.min(one.shape.growth || 1, other.shape.growth || 1);
      return sharedRuns(one.runs, other.runs) >= Math.max(1, SAME * growth - RUN);
    }),
  );
  return equal.map(({ shape: { change } }) => evidence(change.path, equal.length));
}

/** Programs that were different and are one and the same now. */
function overwritten(changed: readonly Change[]): Evidence[] {
  const whole = changed.filter(({ before, now }) => before?.sha256 && now.content?.whole);
  const equal = whole.filter((one) =>
    whole.some(
      (other) =>
        other.now.content!.sha256 === one.now.content!.sha256 && other.before!.sha256 !== one.before!.sha256,
    ),
  );
  return equal.map(({ path }) => evidence(path, equal.length));
}

const evidence = (path: string, count: number): Evidence => ({
  kind: "program-changed",
  rule: "same-foreign-bytes",
  path,
  weight: 0.7,
  what: `${path} got the same foreign bytes as ${count - 1} other changed program${count > 2 ? "s" : ""}`,
  shared: false,
});
